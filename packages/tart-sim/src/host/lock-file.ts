import { linkSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isAlive, self, type ProcessIdentity } from "./process-identity.ts";
import { fits, parseJson, type Shape } from "./shape.ts";
import { crypto } from "./late-modules.ts";

/**
 * Locks that the death of their holder frees, as the kernel's flock and fcntl locks do, which Node
 * cannot take (tart-contract §1.5, §12.2). A lock is a file that names its owner; it is made
 * complete by link(2), so nobody reads half of one, and only its owner, or one that proved the owner
 * dead, removes it.
 */
export interface LockOwner extends ProcessIdentity {
  nonce: string;
}

export interface HeldLock {
  readonly owner: LockOwner;
  release(): void;
}

/** Owner of the lock when it is alive. */
export function lockHolder(path: string): LockOwner | undefined {
  const owner = readOwner(path);
  return owner !== undefined && isAlive(owner) ? owner : undefined;
}

/** Takes the lock if nobody alive has it. */
export function tryLock(path: string): HeldLock | undefined {
  const mine: LockOwner = { ...self(), nonce: crypto().randomBytes(8).toString("hex") };
  const draft = `${path}.${mine.nonce}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    for (;;) {
      if (link(draft, path)) return { owner: mine, release: () => release(path, mine) };
      const owner = readOwner(path);
      if (owner === undefined) continue;
      if (isAlive(owner) || !breakStale(path, owner)) return undefined;
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

export interface LockWait {
  /** Told once, when the lock is somebody else's. */
  onWait?: () => void;
  signal?: AbortSignal;
}

/** How often a waiter looks, in milliseconds of real time. */
const POLL_MS = 10;

/** Blocks until the lock is ours; only the signal ends the wait. */
export async function lock(path: string, { onWait, signal }: LockWait = {}): Promise<HeldLock> {
  mkdirSync(dirname(path), { recursive: true });
  for (let waited = false; ; waited = true) {
    const held = tryLock(path);
    if (held !== undefined) return held;
    if (!waited) onWait?.();
    await wait(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

function link(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

const ownerShape: Shape<LockOwner> = { pid: "number", startTime: "string", nonce: "string" };

function readOwner(path: string): LockOwner | undefined {
  try {
    const owner = parseJson(readFileSync(path, "utf8"));
    return fits<LockOwner>(owner, ownerShape) ? owner : undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return undefined;
    throw error;
  }
}

function release(path: string, mine: LockOwner): void {
  if (readOwner(path)?.nonce === mine.nonce) unlinkSync(path);
}

/**
 * Removes a dead owner's lock. Two waiters must not do so one after the other, or the second would
 * remove the first one's new lock: breaking this very nonce is itself under a lock.
 */
function breakStale(path: string, dead: LockOwner): boolean {
  const breaking = tryLock(`${path}.break-${dead.nonce}`);
  if (breaking === undefined) return false;
  try {
    if (readOwner(path)?.nonce === dead.nonce) unlinkSync(path);
    return true;
  } finally {
    breaking.release();
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
