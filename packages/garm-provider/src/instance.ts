import type { VmSummary } from "@tartfleet/client/node";
import { nameOf } from "./vms.ts";

/**
 * A VM as garm reads it (garm-provider-common, params.ProviderInstance). Of a provider it takes the statuses running,
 * stopped, error and unknown alone (garm, runner/providers/util): a VM that waits for its slot is running, too.
 */
export function instanceOf(vm: VmSummary) {
  const { id, ip, end } = vm;
  return {
    provider_id: id,
    name: nameOf(vm),
    os_type: "unknown",
    os_name: "macos",
    os_arch: "arm64",
    status: statusOf(vm),
    ...(ip === null ? {} : { addresses: [{ address: ip, type: "private" }] }),
    // Go reads bytes from base64.
    ...(statusOf(vm) === "error"
      ? { provider_fault: Buffer.from(end?.message ?? "").toString("base64") }
      : {}),
  };
}

function statusOf({ state, end }: VmSummary): "running" | "stopped" | "error" {
  if (end === null) return "running";
  return state === "failed" || end.error !== null ? "error" : "stopped";
}
