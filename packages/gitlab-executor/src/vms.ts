import type { CreateVm, NodeClient, VmRecord, VmSummary } from "@tartfleet/client/node";
import { StageFailure } from "./failure.ts";
import type { Job } from "./job.ts";

/** Preparations of one job; gitlab-runner makes three at most, and a job that is run again has another id. */
const MOST_TRIES = 20;

const HOST_LABEL = "gitlab.host";

/** How a job's VMs are found again, by every stage for itself. */
export function markOf({ id, host, project }: Job): Pick<CreateVm, "jobId" | "labels"> {
  return { jobId: id, labels: { [HOST_LABEL]: host, ...(project ? { "gitlab.project": project } : {}) } };
}

/**
 * The job's VM: the one that is there, or else a new one. A try whose answer was lost, or that gitlab-runner does again
 * without a clean-up, finds the first one's; one after a clean-up gets another, though the old one may still be on its way out.
 */
export async function obtainVm(
  client: NodeClient,
  { host, id }: Job,
  body: CreateVm,
  signal: AbortSignal,
): Promise<VmRecord> {
  for (let attempt = 1; attempt <= MOST_TRIES; attempt++) {
    const idempotencyKey = `gitlab:${host}:${id}:${attempt}`;
    const { vm } = await client.createVm(body, { idempotencyKey, signal });
    if (vm.end === null) return vm;
  }
  throw new StageFailure(
    "ours",
    `${MOST_TRIES} VMs of this job are still ending; the fleet's hosts may be silent`,
  );
}

/** The job's VMs, ended ones too, newest first. */
export async function vmsOf(
  client: NodeClient,
  { host, id }: Job,
  signal: AbortSignal,
): Promise<VmSummary[]> {
  const vms: VmSummary[] = [];
  const filter = { jobId: id, label: `${HOST_LABEL}=${host}` };
  for await (const vm of client.listVms(filter, { signal })) vms.push(vm);
  return vms;
}
