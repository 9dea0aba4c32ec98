import type { Phase } from "@tartfleet/shared";

/** A time in which nothing was heard: the control plane was down or stood still, or a host was silent. */
export interface Gap {
  /** When something was heard last before it; milliseconds. */
  from: number;
  /** When something was heard again. */
  until: number;
}

/** After a gap what piled up in it is told within that time, all with the time of the telling. */
const SETTLE_MS = 10_000;

/**
 * Whether a phase lasted as long as its stamps say. What is told after a gap happened some time in it, and what a
 * gap falls into may have been held up by it (secrets and orders do not arrive). Only a run goes on by itself: its
 * length holds when its begin was heard before the gap and its end well after.
 *
 * @param gap the newest gap in what was heard of its host
 * @param attemptFrom when its attempt began: what is wholly later than the gap is not touched by it
 */
export function isMeasured(
  { phase, from, until }: { phase: Phase; from: number; until: number },
  gap: Gap | undefined,
  attemptFrom: number,
): boolean {
  if (until < from) return false;
  if (!gap || attemptFrom >= gap.until || from >= gap.until + SETTLE_MS) return true;
  return phase === "run" && from < gap.from && until >= gap.until + SETTLE_MS;
}
