import type { Vm } from "../vm.ts";
import { vmOfRunner } from "./runner-name.ts";

/** A runner as its CI system lists it. */
export interface ListedRunner {
  name: string;
}

/** So long a runner may take from its start until its CI system lists it. */
const REGISTRATION_MS = 300_000;

/**
 * What does not fit together: ghosts are registered for a VM of ours that has ended, mutes are VMs whose runner was
 * started and is nowhere. A runner of a VM that is not known may be another fleet's, and is none of either.
 *
 * @param ended whether a VM of that id is known and has ended
 * @param atWork ids of VMs that the CI system says have a job
 */
export function mismatches<T extends ListedRunner>(
  runners: readonly T[],
  vms: readonly Vm[],
  {
    ended,
    atWork,
    now,
    vmOf = vmOfRunner,
  }: {
    ended: (vmId: string) => boolean;
    atWork: ReadonlySet<string>;
    now: number;
    /** The VM that a runner of that name is for; undefined when the name is not one of ours. */
    vmOf?: (name: string) => string | undefined;
  },
): { ghosts: T[]; mutes: string[] } {
  const listed = new Set(runners.map(({ name }) => vmOf(name)));
  return {
    ghosts: runners.filter(({ name }) => {
      const vmId = vmOf(name);
      return vmId !== undefined && ended(vmId);
    }),
    mutes: vms.flatMap(({ id, state, stateSince, job }) =>
      state === "ready" &&
      job.state === "none" &&
      now - stateSince >= REGISTRATION_MS &&
      !listed.has(id) &&
      !atWork.has(id)
        ? [id]
        : [],
    ),
  };
}

/** The second sighting in a row counts: the first may be of something that is just about to be right. */
export function makeSightings() {
  let before: ReadonlySet<string> = new Set();
  return {
    /** Those of them that were there the last time too. */
    again(keys: readonly string[]): Set<string> {
      const twice = new Set(keys.filter((key) => before.has(key)));
      before = new Set(keys);
      return twice;
    },
  };
}
