import type { Readable, Writable } from "node:stream";

export interface StreamCopy {
  /** Resolves at the source's end, however it came; never rejects. */
  done: Promise<void>;
  chunks: () => number;
  /** True while the sink is too slow to take more. */
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
        if (sink.destroyed || sink.writableEnded || sink.write(chunk)) continue;
        blocked = true;
        await writable(sink);
        blocked = false;
      }
    } catch {
      // The source was cut off: whoever did that knows why.
    }
  };
  return { done: run(), chunks: () => chunks, blocked: () => blocked };
}

/** Resolves when a sink takes more, or never will. */
export async function writable(sink: Writable): Promise<void> {
  if (sink.destroyed || !sink.writableNeedDrain) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = ["drain", "close", "error"];
  for (const event of events) sink.on(event, resolve);
  await promise;
  for (const event of events) sink.off(event, resolve);
}
