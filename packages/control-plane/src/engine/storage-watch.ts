import type { DiskSpace, Reserve } from "../store/reserve.ts";
import type { Clock } from "./clock.ts";

/** How the disk of the database stands. */
export interface StorageHealth {
  /** No new VM is accepted; those that are there go on. */
  isFull: boolean;
  space: DiskSpace;
  /** Less than a tenth of the disk is free. */
  isLow: boolean;
}

export interface WatchLog {
  warn(facts: object, message: string): void;
  info(facts: object, message: string): void;
}

const LOOK_MS = 1000;
const LOW = 0.1;

/** Looks after the disk: says once when room gets short, and takes the reserve again when there is room. */
export function watchStorage(
  reserve: Reserve,
  clock: Clock,
  log: WatchLog,
): { health(): StorageHealth; stop(): void } {
  let told: "well" | "low" | "full" = "well";
  let cancel: () => void;

  function health(): StorageHealth {
    const space = reserve.space();
    return { isFull: !reserve.isWhole(), space, isLow: space.freeBytes < LOW * space.totalBytes };
  }

  function look(): void {
    reserve.refill();
    const { isFull, isLow, space } = health();
    const state = isFull ? "full" : isLow ? "low" : "well";
    if (state !== told) {
      if (state === "full")
        log.warn(space, "the disk of the database is full: no new VM is accepted until there is room");
      else if (state === "low") log.warn(space, "less than a tenth of the database's disk is free");
      else log.info(space, "the disk of the database has room again");
    }
    told = state;
    cancel = clock.after(LOOK_MS, look);
  }

  look();
  return { health, stop: () => cancel() };
}
