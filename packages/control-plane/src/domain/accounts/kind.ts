import type { SlotKind } from "@tartfleet/shared";
import { isKept } from "../lifecycle/hold.ts";
import type { Vm } from "../vm.ts";

/**
 * What an attempt of a VM uses its slot for, as long as its instance was not seen gone. An attempt that the VM has
 * given up, or outlived, is leaving.
 */
export function kindOf(
  vm: Pick<Vm, "attempt" | "state"> & { spec: Pick<Vm["spec"], "pool">; end: object | null },
  attempt: number,
): Exclude<SlotKind, "phantom"> {
  const { state, spec } = vm;
  if (attempt !== vm.attempt) return "draining";
  if (isKept(vm)) return "held";
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
