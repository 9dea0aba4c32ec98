import { vmRegisteredAs } from "../registered-name.ts";
import type { Vm } from "../vm.ts";

/** What CircleCI says of a resource class: it counts tasks, and does not say which runner has which. */
export interface ClassCount {
  unclaimed: number;
  running: number;
  /** Names of runners that have connected. */
  runners: readonly string[];
}

/** Beside the time that it may wait for a task, a runner takes so long at most until it exits without one. */
const SLACK_MS = 300_000;

type Own = Pick<Vm, "id" | "state" | "stateSince">;

/**
 * The VMs that have the running tasks: the oldest ones, as many as tasks run. Which they really are does not matter,
 * since jobs and VMs are counted and not paired.
 */
export function workingVms(vms: readonly Own[], running: number): ReadonlySet<string> {
  const ready = vms.filter(({ state }) => state === "ready").toSorted((a, b) => a.stateSince - b.stateSince);
  return new Set(ready.slice(0, running).map(({ id }) => id));
}

/** The VMs whose runners have connected. */
export const connectedVms = (runners: readonly string[]): ReadonlySet<string> =>
  new Set(runners.flatMap((name) => vmRegisteredAs(name) ?? []));

/**
 * VMs whose runner does not exit although nothing runs in the whole class, and it should have given up waiting long
 * ago: what task it had is over.
 */
export function outstayed<T extends Own>(
  vms: readonly T[],
  { running, idleMs, now }: { running: number; idleMs: number; now: number },
): T[] {
  if (running > 0) return [];
  return vms.filter(({ state, stateSince }) => state === "ready" && now - stateSince >= idleMs + SLACK_MS);
}
