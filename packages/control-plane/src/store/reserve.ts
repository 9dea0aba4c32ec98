import { randomFillSync } from "node:crypto";
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

/**
 * Room on the disk that is kept for bad times. When the disk is full it is given up, so that VMs can still
 * come to their end and agents can still report; until it is whole again no new VM is accepted.
 */
export interface Reserve {
  isWhole(): boolean;
  /** Gives the room up; false when there was none any more. */
  release(): boolean;
  /** Takes the room again when the disk has it. */
  refill(): void;
  space(): DiskSpace;
}

/** The disk that the data directory is on. */
export interface DiskSpace {
  freeBytes: number;
  totalBytes: number;
}

const LARGEST = 8 * 1024 * 1024;
/** Of a small disk it must not take too much. */
const PART_OF_DISK = 20;

/** The file `reserve` in the data directory. */
export function openReserve(dataDir: string): Reserve {
  const path = join(dataDir, "reserve");
  let isWhole = false;

  const reserve: Reserve = {
    isWhole: () => isWhole,
    release() {
      if (!isWhole) return false;
      isWhole = false;
      rmSync(path, { force: true });
      return true;
    },
    refill() {
      if (isWhole) return;
      const { freeBytes, totalBytes } = reserve.space();
      const size = Math.min(LARGEST, Math.floor(totalBytes / PART_OF_DISK));
      // As much again must be free, or the reserve itself would fill the disk.
      isWhole = freeBytes + sizeOf(path) >= 2 * size && write(path, size);
    },
    space() {
      const { bsize, blocks, bavail } = statfsSync(dataDir);
      return { freeBytes: bsize * bavail, totalBytes: bsize * blocks };
    },
  };
  reserve.refill();
  return reserve;
}

/** A database in memory has no disk that could be full. */
export const NO_RESERVE: Reserve = {
  isWhole: () => true,
  release: () => false,
  refill: () => undefined,
  space: () => ({ freeBytes: Infinity, totalBytes: Infinity }),
};

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function write(path: string, size: number): boolean {
  let file: number | undefined;
  try {
    file = openSync(path, "a", 0o600);
    // Random, because a disk that compresses keeps no room for zeros.
    const chunk = randomFillSync(Buffer.alloc(256 * 1024));
    for (let left = size - sizeOf(path); left > 0; left -= chunk.length) {
      const length = Math.min(left, chunk.length);
      if (writeSync(file, chunk, 0, length) < length) throw new Error("a short write: the disk is full");
    }
    return true;
  } catch {
    rmSync(path, { force: true });
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
