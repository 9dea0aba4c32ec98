import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a Mac is like, apart from its files. Tests may change it. */
export interface MacState {
  macos: string;
  fileVault: boolean;
  users: { name: string; uid: number; gid: number; home: string }[];
  /** Who is logged in at the screen. */
  sessions: number[];
  /** By source of power, in the order of `pmset -g custom`. */
  power: Record<string, Record<string, number>>;
  /** By user. */
  keychains: Record<string, Keychain>;
  /** Path of the file of each job that launchd has loaded, by domain and label. */
  jobs: Record<string, string>;
}

interface Keychain {
  isLocked: boolean;
  timeout?: number;
  lockOnSleep?: boolean;
}

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
    read: () => JSON.parse(readFileSync(path, "utf8")) as MacState,
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
