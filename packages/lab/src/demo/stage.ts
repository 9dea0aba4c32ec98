import type { VmSummary, VmState } from "@tartfleet/shared";

/** How far along a VM's life each state is; the bar on the screen. */
const PROGRESS: Record<VmState, number> = {
  queued: 0,
  assigned: 1,
  pulling: 2,
  cloning: 3,
  booting: 4,
  provisioning: 5,
  ready: 6,
  draining: 8,
  stopping: 9,
  deleted: 10,
  failed: 10,
};
export const PROGRESS_END = PROGRESS.deleted;

/** How far along its life a VM is, from 0 to PROGRESS_END. */
export function progressOf({ state, job }: VmSummary): number {
  return state === "ready" && job.state === "started" ? PROGRESS.ready + 1 : PROGRESS[state];
}

/** A script is its own job: nobody tells when it starts. */
export function isScript({ runner }: VmSummary): boolean {
  return runner?.kind === "script";
}

/** What a VM is doing, in a few words. */
export function stageOf(vm: VmSummary): string {
  switch (vm.state) {
    case "queued":
      return vm.attempt === 0 ? "waits for a slot" : `waits for attempt ${vm.attempt + 1}`;
    case "assigned":
      return "has a slot";
    case "pulling":
      return vm.pullPercent === null ? "pulls its image" : `pulls its image, ${vm.pullPercent} %`;
    case "cloning":
      return "clones its image";
    case "booting":
      return "boots";
    case "provisioning":
      return "gets its runner";
    case "ready":
      return vm.job.state === "started" || isScript(vm) ? "runs its job" : "runner waits for its job";
    case "draining":
      return isScript(vm) ? "suicide.sh called" : "suicide.sh called, reports";
    case "stopping":
      return "stops and is deleted";
    case "deleted":
      return "gone";
    case "failed":
      return `failed: ${vm.end?.reason ?? "unknown"}`;
    default:
      return vm.state satisfies never;
  }
}
