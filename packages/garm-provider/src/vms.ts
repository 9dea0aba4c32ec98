import {
  TartfleetError,
  type CreateVm,
  type NodeClient,
  type VmRecord,
  type VmSummary,
} from "@tartfleet/client/node";
import { EXIT, ProviderFailure } from "./failure.ts";

const CONTROLLER = "garm.controller";
const POOL = "garm.pool";
const VM_ID = /^[a-z0-9]{16}$/;

/** Whose instance it is: of one garm, by the name that garm gave it. */
export interface Owner {
  client: NodeClient;
  controllerId: string;
}

/** How a VM is found again, by each call for itself. Of other garms' VMs, and of nobody's, none is ever touched. */
export function markOf(
  controllerId: string,
  poolId: string,
  name: string,
): Pick<CreateVm, "jobId" | "labels"> {
  return { jobId: name, labels: { [CONTROLLER]: controllerId, [POOL]: labelOf(poolId) } };
}

/** A pool's id is a UUID; but garm says a scale set's name and its owner's id, and the name may be any text. */
function labelOf(poolId: string): string {
  return poolId.replaceAll(/[^A-Za-z0-9._/:@+-]/g, "-");
}

/** The instance's VMs by garm's own word for it, which is our id, or its name when no id came back; newest first. */
export async function vmsOf(owner: Owner, instance: string): Promise<VmSummary[]> {
  if (VM_ID.test(instance)) {
    const vm = await vmOrNothing(owner.client, instance);
    return vm?.labels[CONTROLLER] === owner.controllerId ? [vm] : [];
  }
  return gathered(owner.client.listVms({ jobId: instance, label: `${CONTROLLER}=${owner.controllerId}` }));
}

/** @throws ProviderFailure not found */
export async function vmOf(owner: Owner, instance: string): Promise<VmSummary> {
  const [newest] = await vmsOf(owner, instance);
  if (newest) return newest;
  throw new ProviderFailure(`There is no VM of instance ${instance}.`, EXIT.notFound);
}

/** Those of a pool that live. */
export async function liveVmsOfPool({ client, controllerId }: Owner, poolId: string): Promise<VmSummary[]> {
  const vms = await gathered(client.listVms({ label: `${POOL}=${labelOf(poolId)}` }));
  return vms.filter(({ labels, end }) => labels[CONTROLLER] === controllerId && end === null);
}

export async function vmsOfController({ client, controllerId }: Owner): Promise<VmSummary[]> {
  return gathered(client.listVms({ label: `${CONTROLLER}=${controllerId}` }));
}

/** Does not wait for them to be gone. */
export async function endAll({ client }: Owner, vms: readonly VmSummary[]): Promise<void> {
  for (const { id, end } of vms) if (end === null) await client.endVm(id);
}

/** What garm calls an instance's VM by, in a summary or a record. */
export function nameOf({ jobId, name }: VmSummary): string {
  return jobId ?? name;
}

async function gathered(vms: AsyncIterable<VmSummary>): Promise<VmSummary[]> {
  const found: VmSummary[] = [];
  for await (const vm of vms) found.push(vm);
  return found;
}

async function vmOrNothing(client: NodeClient, id: string): Promise<VmRecord | undefined> {
  try {
    return await client.getVm(id);
  } catch (error) {
    if (error instanceof TartfleetError && error.code === "vm_not_found") return undefined;
    throw error;
  }
}
