import type { OwnVm } from "../demand.ts";

export interface Serving {
  /** So many VMs at once, at most. */
  max: number;
  /** Jobs that GitHub has given us and that are not over, by its own count. */
  jobs: number;
  vms: readonly (Pick<OwnVm, "stage"> & { isQueued: boolean })[];
  /** So many more VMs like these could start now. */
  startNow: number;
}

/** Beside so many at work one more job may wait here. */
const AT_WORK_PER_WAITING = 4;

/**
 * How many jobs GitHub may give a scale set at once, those that it has included. A job waits better there, where other
 * sets may take it, than here, where GitHub takes it back when no runner comes for long. But a few wait here: the
 * scheduler shares slots among those that it sees, and would give none to what only waits at GitHub.
 *
 * Never less than is held (what was given is not taken back by a smaller number), and never more than `max`.
 */
export function jobsWelcome({ max, jobs, vms, startNow }: Serving): number {
  const live = vms.filter(({ stage }) => stage !== "over");
  const placed = live.filter(({ isQueued }) => !isQueued).length;
  const mayWait = 1 + Math.floor(placed / AT_WORK_PER_WAITING);
  return Math.min(max, Math.max(jobs, live.length, placed + startNow + mayWait));
}
