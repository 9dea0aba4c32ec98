import type { EndReason, VmRecord } from "@tartfleet/shared";
import type { Goal } from "./api/client.ts";

/** Ends that are what whoever made the VM wanted of it. A client's delete is not: its job did not run out. */
const WANTED_ENDS: ReadonlySet<EndReason> = new Set([
  "runner_exited",
  "hook_grace_forced",
  "job_over",
  "guest_shutdown",
]);

/**
 * Whether the VM has become what was waited for. One that was ready and has ended well since counts as
 * ready: a quick job can be over before anyone looks.
 */
export function reached(vm: VmRecord, goal: Goal): boolean {
  const endedWell = vm.end === null || (WANTED_ENDS.has(vm.end.reason) && !scriptFailed(vm));
  if (goal === "ready") return vm.readyAt !== null && vm.state !== "failed" && endedWell;
  return vm.state === "deleted" && endedWell;
}

/** A script without a known result counts as failed: nobody can say that it did its work. */
function scriptFailed({ runner, scriptResult }: VmRecord): boolean {
  return runner?.kind === "script" && scriptResult?.exitCode !== 0;
}
