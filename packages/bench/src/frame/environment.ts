import { execFileSync } from "node:child_process";
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { availableParallelism, cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { median } from "simple-statistics";

const SYNCS = 200;
const PAGE = Buffer.alloc(4096, 1);

/** What figures depend on besides the code. */
export interface Environment {
  commit: string | null;
  node: string;
  kernel: string;
  cpu: string;
  cores: number;
  memoryGiB: number;
  /** Of the disk that the databases are on: a page appended and synced, in milliseconds. */
  fsyncP50Ms: number;
}

export function environmentOf(): Environment {
  return {
    commit: commitHere(),
    node: process.version,
    kernel: `${process.platform} ${release()}`,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    fsyncP50Ms: fsyncP50Ms(),
  };
}

/** null outside of a checkout. */
function commitHere(): string | null {
  try {
    const cwd = import.meta.dirname;
    return execFileSync("git", ["rev-parse", "HEAD"], { cwd, encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return null;
  }
}

function fsyncP50Ms(): number {
  const dir = mkdtempSync(join(tmpdir(), "tf-fsync-"));
  const file = openSync(join(dir, "file"), "w");
  try {
    const lasted = Array.from({ length: SYNCS }, () => {
      const since = performance.now();
      writeSync(file, PAGE);
      fsyncSync(file);
      return performance.now() - since;
    });
    return median(lasted);
  } finally {
    closeSync(file);
    rmSync(dir, { recursive: true });
  }
}
