import { CallError, Secret } from "@tartfleet/shared";
import { ownCapabilities } from "../../domain/azure/demands.ts";
import { jobsOfVms, waitingRequests, type JobRequest, type ToldRequest } from "../../domain/azure/queue.ts";
import type { Integration, IntegrationParts } from "../../engine/integration.ts";
import { makeCiApi, type Fetch } from "../ci-api.ts";
import type { Opened } from "../compose.ts";
import { watchExits } from "../exits.ts";
import type { CiLog } from "../log.ts";
import { measureCi } from "../metrics.ts";
import { startPlanner } from "../planner.ts";
import { startPoll, type Answer } from "../poll.ts";
import { startSweeping } from "../sweeping.ts";
import { readAzureConfig, type AzureConfig, type AzureDefinition } from "./config.ts";
import { lookThrough } from "./look.ts";
import { makePools } from "./pools.ts";

/** Of the placeholder: newer than what any task demands. Agents in VMs say their own. */
const AGENT_VERSION = "4.999.0";

/** @throws CiConfigError */
export function openAzure(path: string, log: CiLog): Opened {
  const config = readAzureConfig(path);
  return { definitions: config.runners, integrate: (parts) => startAzure(config, { log }, parts) };
}

interface Queue {
  waiting: ReadonlyMap<string, number>;
  jobs: ReadonlyMap<string, ToldRequest>;
}

/** What a definition's agents say of themselves, as far as jobs may demand it. */
const capabilitiesOf = ({ os, capabilities }: AzureDefinition) => ({
  ...ownCapabilities(os),
  ...capabilities,
});

/** Serves Azure Pipelines: pools are asked for their jobs, and VMs with agents are asked for as jobs wait. */
export function startAzure(
  { url, token, agentToken, runners }: AzureConfig,
  { log, fetch = globalThis.fetch }: { log: CiLog; fetch?: Fetch },
  parts: IntegrationParts,
): Integration {
  const { store, clock, registry } = parts;
  const authorization = `Basic ${Buffer.from(`:${token}`).toString("base64")}`;
  const pools = makePools(makeCiApi("Azure", { url, headers: { authorization }, fetch, now: clock.now }));
  const poolNames = [...new Set(runners.map(({ pool }) => pool))];
  const hasPlaceholder = new Set<string>();
  const metrics = measureCi(registry, "azure");

  async function ensurePlaceholders(pool: string): Promise<void> {
    const missing = runners.filter((each) => each.pool === pool && !hasPlaceholder.has(each.name));
    if (missing.length === 0) return;
    const agents = new Set((await pools.agents(pool)).map(({ name }) => name));
    for (const definition of missing) {
      const name = `tartfleet-${definition.name}`;
      const capabilities = {
        "Agent.Name": name,
        "Agent.Version": AGENT_VERSION,
        ...capabilitiesOf(definition),
      };
      if (!agents.has(name)) await pools.addPlaceholder(pool, name, capabilities);
      hasPlaceholder.add(definition.name);
    }
  }

  async function ask(): Promise<Answer<Queue>> {
    const requests: JobRequest[] = [];
    const waiting = new Map<string, number>();
    for (const pool of poolNames) {
      await ensurePlaceholders(pool);
      const ofPool = await pools.requests(pool);
      const offers = runners
        .filter((each) => each.pool === pool)
        .map((each) => ({ name: each.name, capabilities: capabilitiesOf(each) }));
      for (const [name, count] of waitingRequests(ofPool, offers)) waiting.set(name, count);
      requests.push(...ofPool);
    }
    return { said: { waiting, jobs: jobsOfVms(requests) } };
  }

  const poll = startPoll(ask, {
    title: "Azure",
    runners: runners.map(({ name }) => name),
    clock,
    log,
    onTried(ok) {
      for (const { name } of runners) metrics.polled(name, ok);
      const heard = poll.heard();
      if (heard) {
        for (const [name, waiting] of heard.said.waiting) metrics.counted(name, { waiting });
        exits.judge(store.askedVms("azure"), (id) => heard.said.jobs.has(id), heard.askedAt);
      }
      planner.wake();
    },
  });
  const planner = startPlanner(
    {
      kind: "azure",
      definitions: runners,
      demand() {
        const heard = poll.heard();
        return {
          waiting: (name) => heard?.said.waiting.get(name),
          taken: exits.taken,
          told: ({ id }) => heard?.said.jobs.get(id)?.state,
        };
      },
      isReachable: () => poll.heard() !== undefined,
      onAsked: metrics.asked,
    },
    { ...parts, log },
  );
  const exits = watchExits("azure", { ...parts, planner });
  const sweeping = startSweeping(
    {
      kind: "azure",
      system: "Azure",
      async look() {
        const heard = poll.heard();
        if (!heard) return undefined;
        const { jobs, waiting } = heard.said;
        return lookThrough(runners, { pools, store, jobs, waiting, now: clock.now() });
      },
    },
    { ...parts, log, metrics },
  );

  return {
    async runnerOf({ id, spec }) {
      const definition = runners.find(({ name }) => name === spec.runnerFrom);
      // Its agent could not register, and its VM would have come in vain.
      const isHeard = poll.heard() !== undefined;
      metrics.made(spec.runnerFrom ?? "", isHeard);
      if (!definition || !isHeard)
        throw new CallError("ci_unavailable", `Azure cannot be asked now, so VM ${id} gets no agent yet.`);
      const { pool, capabilities } = definition;
      const runner = { kind: "azure", url, token: new Secret(agentToken), pool, capabilities } as const;
      // The control plane removes the agent, so that the token need not outlast its registration in the guest.
      return { ...runner, unregister: false };
    },
    stop() {
      poll.stop();
      exits.stop();
      planner.stop();
      sweeping.stop();
    },
  };
}
