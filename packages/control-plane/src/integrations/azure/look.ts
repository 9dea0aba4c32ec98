import type { ToldRequest } from "../../domain/azure/queue.ts";
import { isOverdue } from "../../domain/github/overdue.ts";
import { mismatches } from "../../domain/github/sweep.ts";
import { vmRegisteredAs } from "../../domain/registered-name.ts";
import type { Vm } from "../../domain/vm.ts";
import type { IntegrationParts } from "../../engine/integration.ts";
import type { Looked } from "../sweeping.ts";
import type { AzureDefinition } from "./config.ts";
import type { AzureAgent, Pools } from "./pools.ts";

/**
 * Agents without VMs, VMs without agents, jobs that are over, and agents to which no job comes: an agent waits for ever
 * (ci-runners §2.6). These are disabled, so that none can come any more, and are ended at the next sighting.
 */
export async function lookThrough(
  definitions: readonly AzureDefinition[],
  {
    pools,
    store,
    jobs,
    waiting,
    now,
  }: {
    pools: Pools;
    store: Pick<IntegrationParts["store"], "askedVms" | "endedVms">;
    jobs: ReadonlyMap<string, ToldRequest>;
    waiting: ReadonlyMap<string, number>;
    now: number;
  },
): Promise<Looked> {
  const agents: (AzureAgent & { pool: string })[] = [];
  for (const pool of new Set(definitions.map((each) => each.pool)))
    for (const agent of await pools.agents(pool)) agents.push({ ...agent, pool });
  const vms = store.askedVms("azure").filter(({ end }) => end === null);
  const named = agents.flatMap(({ name }) => vmRegisteredAs(name) ?? []);
  const ended = store.endedVms(named);
  const found = mismatches(agents, vms, {
    ended: (vmId) => ended.has(vmId),
    atWork: new Set(jobs.keys()),
    now,
    vmOf: vmRegisteredAs,
  });
  const silent = new Set(found.mutes);
  const unused = definitions.flatMap((definition) =>
    surplus(definition, vms, { jobs, waiting, silent, now }),
  );
  for (const { id } of unused) {
    const agent = agents.find(({ name }) => vmRegisteredAs(name) === id);
    if (agent?.enabled) await pools.disable(agent.pool, agent.id);
  }
  return {
    ghosts: found.ghosts.map(({ name, id, pool }) => ({
      name,
      vmId: vmRegisteredAs(name) ?? "",
      remove: () => pools.remove(pool, id),
    })),
    mutes: [
      ...vms
        .filter(({ id }) => silent.has(id))
        .map((vm) => ({ vm, why: "Its agent was started, and Azure has not listed it for five minutes." })),
      ...unused.map((vm) => ({ vm, why: "No job came to its agent in time, and none waits." })),
    ],
    over: vms.filter((vm) => isOverdue(vm, doneAt(jobs.get(vm.id)), now)),
  };
}

/** Those that wait longer than they may for jobs that went elsewhere, the oldest first; as many as are not needed. */
function surplus(
  { name, min, idleSeconds }: AzureDefinition,
  vms: readonly Vm[],
  {
    jobs,
    waiting,
    silent,
    now,
  }: {
    jobs: ReadonlyMap<string, ToldRequest>;
    waiting: ReadonlyMap<string, number>;
    silent: ReadonlySet<string>;
    now: number;
  },
): Vm[] {
  const fresh = vms
    .filter(
      ({ id, spec, state }) =>
        spec.runnerFrom === name && state === "ready" && !jobs.has(id) && !silent.has(id),
    )
    .toSorted((a, b) => a.stateSince - b.stateSince);
  const needed = (waiting.get(name) ?? 0) + min;
  return fresh
    .slice(0, Math.max(0, fresh.length - needed))
    .filter(({ stateSince }) => now - stateSince >= idleSeconds * 1000);
}

const doneAt = (job: ToldRequest | undefined): number | undefined =>
  job?.state === "done" ? (job.finishedAt ?? 0) : undefined;
