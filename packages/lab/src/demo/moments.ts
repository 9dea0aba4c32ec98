import type { VmSummary } from "@tartfleet/shared";
import { isScript, stageOf } from "./stage.ts";

/**
 * What happened between two looks at the fleet, a line each, for people who cannot be shown a moving picture.
 *
 * @param before the VMs by id at the look before
 */
export function momentsBetween(before: ReadonlyMap<string, VmSummary>, now: readonly VmSummary[]): string[] {
  return now.flatMap((vm) => {
    const was = before.get(vm.id);
    const isNew = was === undefined || was.state !== vm.state || was.job.state !== vm.job.state;
    return isNew ? [`${vm.name}  ${placeOf(vm).padEnd(12)}  ${momentOf(vm)}`] : [];
  });
}

export function placeOf({ host, slot }: VmSummary): string {
  return host === null ? "" : `${host}/${slot ?? "-"}`;
}

function momentOf(vm: VmSummary): string {
  switch (vm.state) {
    case "draining":
      return isScript(vm)
        ? "suicide.sh, called after the script's exit, announced the end"
        : "suicide.sh, called by the job's hook, announced the end; now the runner sends the result";
    case "stopping":
      return `stops: ${vm.end?.message ?? ""}`;
    case "deleted":
      return "deleted, its slot is free";
    case "queued":
    case "assigned":
    case "pulling":
    case "cloning":
    case "booting":
    case "provisioning":
    case "ready":
    case "failed":
      return stageOf({ ...vm, pullPercent: null });
    default:
      return vm.state satisfies never;
  }
}
