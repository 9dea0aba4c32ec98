import { tookJob, type ToldJob } from "./demand.ts";
import type { Vm } from "./vm.ts";

/** How a queue of a CI system stands. */
export interface QueueCount {
  /** Jobs that wait for a runner. */
  waiting: number;
  /** Jobs that run, on whosever runners. */
  running: number;
  /** Registered runners without a job, whosever they are; undefined: the system does not tell. */
  idle?: number;
}

/** A count, and when it was taken: what came later is not in it. Times are milliseconds since 1970. */
export interface Counted extends QueueCount {
  at: number;
}

/** So long a runner may take from its start until it is counted. */
const REGISTRATION_MS = 30_000;

/**
 * What a count says of the jobs of VMs. Most guests tell nothing of their job's start: of runners that are up for some
 * time as many are idle as the queue has idle ones, the newest. The others are none that a job could wait for.
 *
 * @param vms of one definition, none of which has ended
 * @param takenAt when a VM's runner was first seen to have taken a job, if that was since the start
 */
export function toldByCount(
  vms: readonly Vm[],
  count: Counted,
  takenAt: (vmId: string) => number | undefined,
): ReadonlyMap<string, ToldJob> {
  const taken = vms.filter(
    (vm) => tookJob(vm) && (takenAt(vm.id) ?? vm.job.startedAt ?? vm.stateSince) <= count.at,
  );
  const untold = vms.filter((vm) => vm.state === "ready" && !tookJob(vm));
  const [young = [], up = []] = [false, true].map((isUp) =>
    untold.filter(({ stateSince }) => count.at - stateSince >= REGISTRATION_MS === isUp),
  );
  const idle = count.idle ?? Math.max(0, up.length - count.running);
  const busy = Math.max(0, up.length - idle);
  const oldestFirst = up.toSorted((a, b) => a.stateSince - b.stateSince);
  const all = (some: readonly Vm[], told: ToldJob) => some.map(({ id }): [string, ToldJob] => [id, told]);
  return new Map([
    ...all(taken, "running"),
    ...all(young, "perhaps"),
    ...all(oldestFirst.slice(0, busy), "running"),
  ]);
}

/**
 * Whether a definition's VMs do any good, by two counts in a row and how many of its runners have exited in between
 * without a word of a job: `vain` when jobs wait as before and none runs. What cannot be told is undefined.
 */
export function goodOf(
  before: QueueCount | undefined,
  now: QueueCount,
  exits: number,
): "well" | "vain" | undefined {
  if (now.running > 0 || (before && now.waiting < before.waiting)) return "well";
  return exits > 0 && before && before.waiting > 0 ? "vain" : undefined;
}
