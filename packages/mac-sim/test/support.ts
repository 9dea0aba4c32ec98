import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { build, type PlistValue } from "plist";
import { makeMacOs, type SimMacOs } from "../src/index.ts";

export const UID = process.getuid?.() ?? 0;
export const GUI = `gui/${UID}`;
export const LABEL = "dev.example.job";
export const JOB = `${GUI}/${LABEL}`;

/** A simulated Mac with a folder for what its jobs leave. */
export interface Bench extends AsyncDisposable {
  dir: string;
  mac: SimMacOs;
  /** Writes a job's file that runs a line of sh, and tells its path. */
  job(script: string, more?: Record<string, PlistValue>, mode?: number): Promise<string>;
  read(file: string): Promise<string>;
  /** The number or text that `print` has behind a name. */
  printed(name: string, target?: string): Promise<string | undefined>;
}

export async function makeBench(): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), "mac-sim-"));
  const mac = makeMacOs({ dir: join(dir, "mac"), speed: 100 });
  return {
    dir,
    mac,
    async job(script, more = {}, mode = 0o644) {
      const path = join(dir, `${LABEL}.plist`);
      const log = join(dir, "log");
      const arguments_ = { ProgramArguments: ["/bin/sh", "-c", script] };
      const text = build({
        Label: LABEL,
        ...arguments_,
        StandardOutPath: log,
        StandardErrorPath: log,
        ...more,
      });
      await writeFile(path, text, { mode });
      return path;
    },
    read: (file) => readFile(join(dir, file), "utf8").catch(() => ""),
    async printed(name, target = JOB) {
      const { stdout } = await mac.launchctl("print", target);
      return new RegExp(`^\\t${name} = (.*)$`, "m").exec(stdout)?.[1];
    },
    async [Symbol.asyncDispose]() {
      await mac[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Looks again and again until it is so; the test's time limit is the end of it. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await wait(20);
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
