/** How a pool's bring-ups have failed since the last that came up. Times are milliseconds. */
export interface Failing {
  times: number;
  /** When the newest did. */
  at: number;
  why: string;
}

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 60 * 60_000;

/** Until when a pool whose VMs fail tries no other: a minute, and twice as long each time, an hour at most. */
export function pausedUntil({ times, at }: Failing): number {
  return at + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (times - 1));
}
