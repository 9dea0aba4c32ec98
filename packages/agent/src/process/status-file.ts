import { readFile } from "node:fs/promises";
import { z } from "zod";
import { writeFileDurably } from "../journal/durable-file.ts";
import type { Log } from "../log.ts";

const statusSchema = z.object({
  version: z.string(),
  /** Of the agent that wrote this; another one may have died since and left it. */
  pid: z.int(),
  /** Whether it has a session with its control plane. */
  isConnected: z.boolean(),
  since: z.iso.datetime(),
});

/** What an agent says of itself in its data folder, for those who wait for it. */
export type Status = z.infer<typeof statusSchema>;

/** @returns what is to be told of every session's begin and end, in this order */
export function keepStatus(
  path: string,
  who: Pick<Status, "version" | "pid">,
  log: Log,
): (isConnected: boolean) => void {
  let written = Promise.resolve();
  return (isConnected) => {
    const status: Status = { ...who, isConnected, since: new Date().toISOString() };
    written = written
      .then(() => writeFileDurably(path, JSON.stringify(status)))
      .catch((error: unknown) => log.warn({ path, why: String(error) }, "the status could not be written"));
  };
}

/** @returns undefined when there is none that makes sense */
export async function readStatus(path: string): Promise<Status | undefined> {
  const text = await readFile(path, "utf8").catch(() => "null");
  try {
    return statusSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
