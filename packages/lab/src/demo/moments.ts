import type { VmRecord } from "@tartfleet/shared";
import { stageOf } from "./stage.ts";

/**
 * What happened between two looks at the fleet, a line each, for people who cannot be shown a moving picture.
 *
 * @param before the VMs by id at the look before
 */
export function momentsBetween(before: ReadonlyMap<string, VmRecord>, now: readonly VmRecord[]): string[] {
  return now.flatMap((vm) => {
    const was = before.get(vm.id);
    const isNew = was === undefined || was.state !== vm.state || was.job.state !== vm.job.state;
    return isNew ? [`${vm.name}  ${placeOf(vm).padEnd(12)}  ${momentOf(vm)}`] : [];
  });
}

export function placeOf({ host, slot }: VmRecord): string {
  return host === null ? "" : `${host}/${slot ?? "-"}`;
}

function momentOf(vm: VmRecord): string {
  switch (vm.state) {
    case "draining":
      return "the job's hook fired: suicide.sh announced the end; the runner reports the result";
    case "stopping":
      return `the end: ${vm.end?.message ?? ""}`;
    case "deleted":
      return "deleted; its slot is free for the next in the queue";
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
