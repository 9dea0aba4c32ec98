import { readJob } from "./job.ts";
import type { Stage } from "./stages.ts";
import { vmsOf } from "./vms.ts";

/** The job's result waits for this; a VM that could not be ended in this time ends by its time to live. */
const CLEANUP_MS = 10_000;

/** Ends whatever VMs the job has. It does not wait for them to be gone. */
export async function cleanup({ client, env, signal, say }: Stage): Promise<void> {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(CLEANUP_MS)]);
  for (const { id, end } of await vmsOf(client, readJob(env), bound)) {
    if (end !== null) continue;
    await client.endVm(id, { signal: bound });
    say(`VM ${id} ends`);
  }
}
