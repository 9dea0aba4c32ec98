import { existsSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { readJsonFile } from "../host/host-config.ts";
import { fits, isRecord, type Shape } from "../host/shape.ts";
import { type LockOwner, lockHolder } from "../host/lock-file.ts";
import { logicalSize, writeJsonFile } from "./files.ts";
import { readVmConfig, type VmConfig } from "./vm-config.ts";

/** The files of one VM or cached image (tart-contract §1.4), and the simulator's own beside them. */
export interface VmDir {
  /** Name of a local VM, or the full name of an image. */
  name: string;
  path: string;
  config: string;
  disk: string;
  nvram: string;
  /** Exists when suspended. */
  state: string;
  controlSocket: string;
  /** Root of the guest's filesystem: what disk.img would hold. */
  guestDisk: string;
  /** Stands for the lock on config.json. */
  runLock: string;
  facts: string;
  /** Until when a lock outlives its killed holder. */
  linger: string;
}

/** What the sparse files cannot tell. */
export interface VmFacts {
  /** Bytes the disk would take. */
  allocatedBytes: number;
  /** Does the guest run tart's agent? */
  agent: boolean;
  /** Nothing was ever installed on the disk. */
  blank?: boolean;
  /** First macOS whose hosts can start it. */
  minHostVersion?: string;
}

const factsShape: Shape<VmFacts> = {
  allocatedBytes: "number",
  agent: "boolean",
  blank: "?boolean",
  minHostVersion: "?string",
};

export type VmState = "running" | "suspended" | "stopped";

export function vmDirAt(name: string, path: string): VmDir {
  const at = (file: string) => join(path, file);
  return {
    name,
    path,
    config: at("config.json"),
    disk: at("disk.img"),
    nvram: at("nvram.bin"),
    state: at("state.vzvmsave"),
    controlSocket: at("control.sock"),
    guestDisk: at("disk"),
    runLock: at(".sim-run.json"),
    facts: at(".sim-facts.json"),
    linger: at(".sim-linger.json"),
  };
}

const requiredFiles = (dir: VmDir): string[] => [dir.config, dir.disk, dir.nvram];

/** Has all three files; others are invisible to `list`. */
export const isComplete = (dir: VmDir): boolean => requiredFiles(dir).every((file) => existsSync(file));

/** The live process that runs (or for a moment holds) the VM. */
export const holderOf = (dir: VmDir): LockOwner | undefined => lockHolder(dir.runLock);

export function isLocked(dir: VmDir, now: number): boolean {
  return holderOf(dir) !== undefined || lingersUntil(dir) > now;
}

function lingersUntil(dir: VmDir): number {
  if (!existsSync(dir.linger)) return 0;
  const linger = readJsonFile(dir.linger);
  return isRecord(linger) && typeof linger["until"] === "number" ? linger["until"] : 0;
}

/** Evaluated in this order, nothing is stored (tart-contract §3.1). */
export function vmState(dir: VmDir, now: number): VmState {
  if (isLocked(dir, now)) return "running";
  return existsSync(dir.state) ? "suspended" : "stopped";
}

export const readConfig = (dir: VmDir): VmConfig => readVmConfig(dir.config);

export function readFacts(dir: VmDir): VmFacts {
  const facts = readJsonFile(dir.facts);
  return isVmFacts(facts) ? facts : { allocatedBytes: 0, agent: true };
}

export const isVmFacts = (value: unknown): value is VmFacts => fits<VmFacts>(value, factsShape);

export const writeFacts = (dir: VmDir, facts: VmFacts): void => writeJsonFile(dir.facts, facts);

/** Logical bytes of the three files. */
export const logicalBytes = (dir: VmDir): number =>
  requiredFiles(dir).reduce((sum, file) => sum + logicalSize(file), 0);

/** Access is noted on a file that nothing reads, so that a listing does not count as one. */
export function touchAccess(dir: VmDir, now: number): void {
  utimesSync(dir.nvram, now / 1000, statSync(dir.nvram).mtimeMs / 1000);
}

export const accessedAt = (dir: VmDir): number => statSync(dir.nvram).atimeMs;
