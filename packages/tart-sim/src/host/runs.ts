import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeJsonFile } from "../storage/files.ts";
import { namesIn } from "../storage/home.ts";
import { readJsonFile } from "./host-config.ts";
import { fits, type Shape } from "./shape.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import { lock } from "./lock-file.ts";

/** One `tart run` of the whole simulated Mac, whatever its TART_HOME: what the host's limit counts. */
export interface RunRecord extends ProcessIdentity {
  /** The nonce of its VM lock. */
  nonce: string;
  home: string;
  name: string;
  os: "darwin" | "linux";
  /** Has the guest been started, and so a slot been taken? */
  started: boolean;
  /** Is it certain that no address will come? */
  neverGetsIp: boolean;
  ignoresInterrupt: boolean;
  /** The slot stays taken after the process is gone, until the host reboots. */
  leaks: boolean;
}

const runShape: Shape<RunRecord> = {
  pid: "number",
  startTime: "string",
  nonce: "string",
  home: "string",
  name: "string",
  os: "string",
  started: "boolean",
  neverGetsIp: "boolean",
  ignoresInterrupt: "boolean",
  leaks: "boolean",
};

const runsDir = (hostDir: string): string => join(hostDir, "runs");
const runFile = (hostDir: string, nonce: string): string => join(runsDir(hostDir), `${nonce}.json`);

export const writeRun = (hostDir: string, run: RunRecord): void =>
  writeJsonFile(runFile(hostDir, run.nonce), run);

export const removeRun = (hostDir: string, { nonce, leaks }: RunRecord): void => {
  if (!leaks) rmSync(runFile(hostDir, nonce), { force: true });
};

/** Every run on record; the dead ones among them are of interest only if they leak. */
function allRuns(hostDir: string): RunRecord[] {
  return namesIn(runsDir(hostDir))
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      const value = readJsonFile(join(runsDir(hostDir), name));
      return fits<RunRecord>(value, runShape) ? [value] : [];
    });
}

export const liveRuns = (hostDir: string): RunRecord[] => allRuns(hostDir).filter(isAlive);

export const findRun = (hostDir: string, { nonce }: { nonce: string }): RunRecord | undefined =>
  allRuns(hostDir).find((run) => run.nonce === nonce);

/** macOS guests that run at once on one Mac, by its kernel (tart-contract §4.1). */
const MACOS_LIMIT = 2;

/** Takes a slot for the run. False when the host has none left; Linux guests need none. */
export async function takeSlot(hostDir: string, run: RunRecord): Promise<boolean> {
  mkdirSync(runsDir(hostDir), { recursive: true });
  const held = await lock(join(runsDir(hostDir), "lock"));
  try {
    const others = allRuns(hostDir).filter((other) => other.nonce !== run.nonce);
    for (const gone of others.filter((other) => !isAlive(other))) removeRun(hostDir, gone);
    const taken = others.filter(
      (other) => other.os === "darwin" && other.started && (other.leaks || isAlive(other)),
    );
    if (run.os === "darwin" && taken.length >= MACOS_LIMIT) return false;
    writeRun(hostDir, { ...run, started: true });
    return true;
  } finally {
    held.release();
  }
}
