import type { Vm } from "../vm.ts";
import type { Context, Rule, Step } from "./event.ts";
import { applied, end, enter, finished, ignored, state, stopping } from "./steps.ts";

/* VMs that a pool keeps warm: brought up until their guest answers, and then standing by. */

/** It stands by for as long as it may live: nothing is expected of it. */
export function standBy(vm: Vm, { now }: Context): Step {
  return applied(
    enter(vm, "provisioning", now, null),
    state("host", `The guest answers; it stands by in pool ${vm.spec.pool}.`, { pool: vm.spec.pool }),
  );
}

/** Whatever its guest was set up for is not known to this control plane: it can be given to nobody. */
export function usedByOthers(vm: Vm, context: Context): Step {
  return stopping(
    vm,
    end("pool_released", "Its guest was set up already, which nobody here asked for."),
    "host",
    context,
  );
}

/** Another VM has its instance and its slot from now on. */
export const handOver: Rule<"handed_over"> = (vm, event, { now }) =>
  vm.spec.pool === undefined
    ? ignored("it is not standing by")
    : finished(
        vm,
        end("handed_over", `VM ${event.vmId} took its instance over.`),
        "control_plane",
        now,
        "release",
      );

export const release: Rule<"released"> = (vm, event, context) =>
  vm.spec.pool === undefined
    ? ignored("no pool keeps it")
    : stopping(vm, end("pool_released", event.why), "control_plane", context);
