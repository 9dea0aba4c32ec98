import type { Readable, Writable } from "node:stream";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";

export interface StreamCopy {
  /** Resolves when everything up to the source's end is in the sink; never rejects. */
  done: Promise<void>;
  chunks: () => number;
  /** True while the sink has not yet taken the last chunk. */
  blocked: () => boolean;
}

/** Copies a stream into one that stays open, at the sink's pace; a sink that is gone swallows the rest. */
export function copyStream(source: Readable, sink: Writable): StreamCopy {
  let chunks = 0;
  let blocked = false;
  const run = async (): Promise<void> => {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        chunks += 1;
        blocked = true;
        await writeTo(sink, chunk);
        blocked = false;
      }
    } catch {
      // The source was cut off: whoever did that knows why.
    }
  };
  return { done: run(), chunks: () => chunks, blocked: () => blocked };
}

/** Writes one chunk and waits until the sink has passed it on, or never will. */
export async function writeTo(sink: Writable, chunk: Buffer): Promise<void> {
  if (sink.destroyed || sink.writableEnded) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = (): void => resolve();
  sink.once("close", settle);
  sink.write(chunk, settle);
  await promise;
  sink.off("close", settle);
}

const quietTurns = 3;

/**
 * Resolves when the copies have passed on all that an ended process has written, whether or not a
 * background process keeps its output open. Counts turns of the event loop, each of which reads what
 * is there, and not time, which a busy machine may take away.
 */
export async function allPassedOn(copies: readonly StreamCopy[], signal?: AbortSignal): Promise<void> {
  for (let quiet = 0; quiet < quietTurns;) {
    if (signal?.aborted === true) return;
    const before = copies.map((copy) => copy.chunks());
    await delay(5);
    await turn();
    const still = copies.every((copy, index) => copy.chunks() === before[index] && !copy.blocked());
    quiet = still ? quiet + 1 : 0;
  }
}
