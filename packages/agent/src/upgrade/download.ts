import { createWriteStream } from "node:fs";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AgentStop } from "../process/exit.ts";

/** An archive has about 50 MB. */
const MOST_BYTES = 2 ** 30;
const LONGEST_MS = 30 * 60_000;

/** @throws AgentStop when the file cannot be had */
export async function download(url: URL, to: string): Promise<void> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(LONGEST_MS) });
    if (!response.url.startsWith("https:"))
      throw new Error(`it leads on to ${response.url}, which is not https`);
    if (!response.ok || !response.body) throw new Error(`the answer is ${response.status}`);
    await pipeline(Readable.fromWeb(response.body), atMost(MOST_BYTES), createWriteStream(to));
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AgentStop("noSource", `${url.href} cannot be fetched: ${why}`);
  }
}

function atMost(most: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      done(seen > most ? new Error(`it is longer than ${most} bytes`) : null, chunk);
    },
  });
}
