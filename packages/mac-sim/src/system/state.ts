import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const stateSchema = z.strictObject({
  macos: z.string(),
  fileVault: z.boolean(),
  users: z.array(z.strictObject({ name: z.string(), uid: z.number(), gid: z.number(), home: z.string() })),
  /** Who is logged in at the screen. */
  sessions: z.array(z.number()),
  /** By source of power, in the order of `pmset -g custom`. */
  power: z.record(z.string(), z.record(z.string(), z.number())),
  /** By user. */
  keychains: z.record(
    z.string(),
    z.strictObject({
      isLocked: z.boolean(),
      timeout: z.number().optional(),
      lockOnSleep: z.boolean().optional(),
    }),
  ),
  /** Path of the file of each job that launchd has loaded, by domain and label. */
  jobs: z.record(z.string(), z.string()),
});

/** What a Mac is like, apart from its files. Tests may change it. */
export type MacState = z.output<typeof stateSchema>;

/** A Mac that stands in a folder: its files below `root`, the rest beside it. */
export interface SimMac {
  root: string;
  /** Who asks: sudo's doing. */
  user: string;
  read(): MacState;
  write(state: MacState): void;
}

export function simMac(folder: string, user = "root"): SimMac {
  const path = join(folder, "mac.json");
  return {
    root: join(folder, "root"),
    user,
    read: () => stateSchema.parse(JSON.parse(readFileSync(path, "utf8"))),
    write: (state) => writeFileSync(path, JSON.stringify(state)),
  };
}

export interface Answer {
  code: number;
  stdout?: string;
  stderr?: string;
}
/** A program of macOS. Whatever it does not know the words of, it refuses: a misspelt word must not pass. */
export type Program = (args: readonly string[], mac: SimMac) => Answer;

export const ok = (stdout = ""): Answer => ({ code: 0, stdout });
export const fail = (code: number, stderr: string): Answer => ({ code, stderr: `${stderr}\n` });
