import { writeFileSync } from "node:fs";
import { messageOf, usageError } from "../cli-error.ts";
import type { Context } from "../context.ts";
import { note, reply, type GlobalFlags } from "./common.ts";

export interface SecretFlags extends GlobalFlags {
  toFile?: string;
}

export const TO_FILE = ["--to-file <file>", "write it to this new file (mode 0600) instead"] as const;

/** A secret on stdout, or in a file that is made first: one that cannot be kept should not come to be. */
export async function handOver<Field extends "token" | "secret", Made extends Record<Field, string>>(
  flags: SecretFlags,
  context: Context,
  field: Field,
  make: () => Promise<Made>,
): Promise<void> {
  const { toFile } = flags;
  if (toFile !== undefined) writeNew(toFile, "");
  const { [field]: secret, ...record } = await make();
  if (toFile === undefined) {
    note(context, "It is shown this once:");
    reply(context, flags, { ...record, [field]: secret }, () => secret);
    return;
  }
  writeFileSync(toFile, `${secret}\n`);
  reply(context, flags, { ...record, file: toFile }, () => `It is in ${toFile}`);
}

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw usageError(`--to-file ${path} cannot be made: ${messageOf(error)}`);
  }
}
