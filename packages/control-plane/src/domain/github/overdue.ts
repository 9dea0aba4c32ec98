import type { Vm } from "../vm.ts";

/** So long a runner may take from its job's hook, or from GitHub's word that its job is over, until it exits. */
const SETTLE_MS = 90_000;

/**
 * Whether it is time to ask GitHub about the VM's job: its hook came, or a message says that the job is done, and the
 * runner's exit does not.
 *
 * @param doneAt when GitHub's message said that its job was done; undefined: it did not
 */
export function isOverdue(
  { state, stateSince, announced }: Pick<Vm, "state" | "stateSince" | "announced">,
  doneAt: number | undefined,
  now: number,
): boolean {
  if (state === "draining" && announced === "job_hook") return now - stateSince >= SETTLE_MS;
  return state === "ready" && doneAt !== undefined && now - doneAt >= SETTLE_MS;
}
