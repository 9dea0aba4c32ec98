import type { Vm } from "../vm.ts";
import { exited } from "./end.ts";
import type { CiEnd, Rule } from "./event.ts";
import { end, finished, ignored, stopping } from "./steps.ts";

/* What a CI system's word ends: the job's end alone overturns what the guest said (architecture §4.5). */

/** Nothing of it can be known to the CI system yet, so no job can be on its way to it. */
const BEFORE_REGISTRATION: ReadonlySet<Vm["state"]> = new Set([
  "queued",
  "assigned",
  "pulling",
  "cloning",
  "booting",
]);

export const isBeforeRegistration = ({ state }: Pick<Vm, "state">): boolean => BEFORE_REGISTRATION.has(state);

const MAY_END: Record<CiEnd, (vm: Vm) => boolean> = {
  not_needed: isBeforeRegistration,
  not_registered: ({ state, job }) => state === "ready" && job.state === "none",
  job_over: ({ state }) => state === "ready" || state === "draining",
};

export const endForCi: Rule<"ci_ended"> = (vm, { reason, why }, context) => {
  if (!MAY_END[reason](vm)) return ignored(`it is ${vm.state}: that does not end it any more`);
  return vm.state === "queued"
    ? finished(vm, end(reason, why), "ci", context.now, "keep")
    : stopping(vm, exited(vm) ?? end(reason, why), "ci", context);
};
