import type { SlotKind } from "@tartfleet/shared";
import type { Vm } from "../vm.ts";

/**
 * What an attempt of a VM uses its slot for, as long as its instance was not seen gone. An attempt that the VM has
 * given up, or outlived, is leaving.
 */
export function kindOf(
  { attempt: present, state, spec }: Pick<Vm, "attempt" | "state"> & { spec: Pick<Vm["spec"], "pool"> },
  attempt: number,
): Exclude<SlotKind, "phantom"> {
  if (attempt !== present) return "draining";
  switch (state) {
    case "assigned":
    case "pulling":
    case "cloning":
    case "booting":
      return "booting";
    case "provisioning":
      return spec.pool === undefined ? "booting" : "warm";
    case "ready":
      return "working";
    case "queued":
    case "draining":
    case "stopping":
    case "deleted":
    case "failed":
      return "draining";
    default:
      return state satisfies never;
  }
}
