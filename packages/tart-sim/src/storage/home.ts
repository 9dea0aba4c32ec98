import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { runtimeFailure, vmDoesNotExist } from "../cli/failure.ts";
import { hasCode, type HeldLock, lock, lockHolder, type LockWait } from "../host/lock-file.ts";
import type { Sim } from "../sim.ts";
import { isComplete, type VmDir, vmDirAt } from "./vm-dir.ts";
import { crypto } from "../host/late-modules.ts";

const vmsDir = (home: string): string => join(home, "vms");
export const tmpDir = (home: string): string => join(home, "tmp");
export const ociDir = (home: string): string => join(home, "cache/OCIs");

/** Makes $TART_HOME with its parents, or says why it cannot be (tart-contract §1.3). */
export function ensureHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw runtimeFailure(`TART_HOME is invalid: ${home} does not exist, yet we can't create it: ${reason}`);
  }
}

export const localVm = (home: string, name: string): VmDir => vmDirAt(name, join(vmsDir(home), name));

/** Names with a slash are always remote (tart-contract §1.6). */
export const isRemoteName = (name: string): boolean => name.includes("/");

/** The local VM, or "does not exist". A remote name is no local VM. */
export function openLocalVm(home: string, name: string): VmDir {
  const dir = localVm(home, name);
  if (isRemoteName(name) || name === "" || !existsSync(dir.path)) throw vmDoesNotExist(name);
  if (!isComplete(dir))
    throw runtimeFailure("VM is missing some of its files (config.json, disk.img or nvram.bin)");
  return dir;
}

/** Local VMs that have all their files, by name. */
export function localVms(home: string): VmDir[] {
  return namesIn(vmsDir(home))
    .map((name) => localVm(home, name))
    .filter(isComplete);
}

export function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return [];
    throw error;
  }
}

/** Where the lock "on" a directory is: the original locks the directory itself and leaves no file. */
function lockPath(sim: Pick<Sim, "hostDir">, dir: string): string {
  const id = crypto().createHash("sha256").update(resolve(dir)).digest("hex").slice(0, 32);
  return join(sim.hostDir, "locks", id);
}

/** flock EX on a directory: blocks without a limit. */
export const lockDirectory = (
  sim: Pick<Sim, "hostDir">,
  dir: string,
  how: LockWait = {},
): Promise<HeldLock> => lock(lockPath(sim, dir), how);

/** Runs the body while $TART_HOME is locked: clones and starts of a home take turns (§1.5). */
export async function withGlobalLock<T>(sim: Sim, body: () => Promise<T>): Promise<T> {
  const held = await lockDirectory(sim, sim.home, { signal: sim.cancelled });
  try {
    return await body();
  } finally {
    held.release();
  }
}

/** Removes what interrupted clones and pulls left; every command but pull and clone begins so (§1.5). */
export function collectGarbage(sim: Sim): void {
  for (const entry of namesIn(tmpDir(sim.home))) {
    const path = join(tmpDir(sim.home), entry);
    if (lockHolder(lockPath(sim, path)) === undefined) rmSync(path, { recursive: true, force: true });
  }
}
