import { z } from "zod";
import { answer, json, Refusal, route } from "../github/http.ts";
import { mayTake } from "./demands.ts";

/** So long Azure waits for a sign of an agent that has a job, until it gives the job up. */
const LOCK_MS = 300_000;

export interface SimAzureAgent {
  id: number;
  name: string;
  version: string;
  enabled: boolean;
  status: "online" | "offline";
  capabilities: Record<string, string>;
}

export interface SimAzureJob {
  requestId: number;
  name: string;
  demands: string[];
  agent: SimAzureAgent | undefined;
  assignedAt: number | undefined;
  finishedAt: number | undefined;
  result: "succeeded" | "failed" | "canceled" | "abandoned" | undefined;
  /** How often an agent began it: more than once must not be. */
  starts: number;
}

const agentBody = z.strictObject({
  name: z.string().min(1),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  osDescription: z.string(),
  maxParallelism: z.literal(1),
  authorization: z.strictObject({
    publicKey: z.strictObject({ modulus: z.base64().length(344), exponent: z.literal("AQAB") }),
  }),
  systemCapabilities: z.record(z.string(), z.string()),
});

/**
 * A stand-in for Azure Pipelines with one pool, by its REST API's documentation and the sources of its agent. It takes
 * no request that is not documented, and no job that no agent of its pool could take.
 */
export function makeSimAzure({ now, pool = "Macs" }: { now: () => number; pool?: string }) {
  const url = "https://dev.azure.test/acme";
  const poolId = 7;
  const agents: SimAzureAgent[] = [];
  const jobs: SimAzureJob[] = [];
  const requests: string[] = [];
  let token = "azure-token-1";
  let isDown = false;
  let refusals: { status: number; headers?: Record<string, string> }[] = [];
  let isStale = false;
  let snapshot: unknown;
  let ids = 100;

  const jobOf = (agent: SimAzureAgent) => jobs.find((job) => job.agent === agent && job.result === undefined);

  function agentIn(id: string | undefined): SimAzureAgent {
    const agent = agents.find((each) => String(each.id) === id);
    if (!agent) throw new Refusal(404, `No agent exists with identifier ${id}.`);
    return agent;
  }

  const time = (ms: number | undefined) => (ms === undefined ? {} : { value: new Date(ms).toISOString() });
  const shownAgent = ({ id, name, version, enabled, status }: SimAzureAgent) => ({
    id,
    name,
    version,
    enabled,
    status,
    provisioningState: "Provisioned",
    accessPoint: "CodexAccessMapping",
  });
  const shownJob = (job: SimAzureJob) => ({
    requestId: job.requestId,
    queueTime: new Date(0).toISOString(),
    ...(job.assignedAt === undefined ? {} : { assignTime: time(job.assignedAt).value }),
    ...(job.finishedAt === undefined ? {} : { finishTime: time(job.finishedAt).value }),
    ...(job.result === undefined ? {} : { result: job.result }),
    demands: job.demands,
    ...(job.agent ? { reservedAgent: shownAgent(job.agent) } : {}),
    planType: "Build",
    poolId,
  });

  const POOL = "/acme/_apis/distributedtask/pools";
  const routes = [
    route(`GET ${POOL}`, ({ url: asked }) =>
      json(200, {
        count: 1,
        value: [{ id: poolId, name: pool }].filter(({ name }) => name === asked.searchParams.get("poolName")),
      }),
    ),
    route(`GET ${POOL}/7/jobrequests`, ({ url: asked }) => {
      const most = Number(asked.searchParams.get("completedRequestCount") ?? 50);
      const open = jobs.filter(({ result }) => result === undefined);
      const over = jobs.filter(({ result }) => result !== undefined).slice(-most);
      const body = { count: open.length + over.length, value: [...open, ...over].map(shownJob) };
      snapshot = isStale ? (snapshot ?? body) : body;
      return json(200, snapshot);
    }),
    route(`GET ${POOL}/7/agents`, () => json(200, { count: agents.length, value: agents.map(shownAgent) })),
    route(`POST ${POOL}/7/agents`, async ({ body }) => {
      const { name, version, systemCapabilities } = await body(agentBody);
      if (agents.some((agent) => agent.name === name))
        throw new Refusal(409, `Pool ${poolId} already contains an agent with name ${name}.`);
      return json(200, shownAgent(add(name, version, systemCapabilities)));
    }),
    route(`PATCH ${POOL}/7/agents/{id}`, async ({ at, body }) => {
      const agent = agentIn(at["id"]);
      const change = await body(z.strictObject({ id: z.literal(agent.id), enabled: z.boolean() }));
      agent.enabled = change.enabled;
      return json(200, shownAgent(agent));
    }),
    route(`DELETE ${POOL}/7/agents/{id}`, ({ at }) => {
      const agent = agentIn(at["id"]);
      if (jobOf(agent)) throw new Refusal(400, `Agent ${agent.name} cannot be deleted: it runs a job.`);
      agents.splice(agents.indexOf(agent), 1);
      return new Response(null, { status: 204 });
    }),
  ];

  function add(name: string, version: string, capabilities: Record<string, string>): SimAzureAgent {
    const agent = { id: (ids += 1), name, version, enabled: true, status: "offline" as const, capabilities };
    agents.push(agent);
    return agent;
  }

  /** Jobs of agents that have not been heard of are given up, and are not given to another. */
  function giveUp(): void {
    for (const job of jobs)
      if (job.agent?.status === "offline" && !job.result && now() - (job.assignedAt ?? 0) >= LOCK_MS)
        end(job, "abandoned");
  }

  function end(job: SimAzureJob, result: NonNullable<SimAzureJob["result"]>): void {
    job.result = result;
    job.finishedAt = now();
  }

  async function respond(request: Request): Promise<Response> {
    const asked = new URL(request.url);
    requests.push(`${request.method} ${asked.pathname}`);
    giveUp();
    if (request.headers.get("authorization") !== `Basic ${Buffer.from(`:${token}`).toString("base64")}`)
      return new Response("<html>Sign in</html>", { status: 401 });
    if (asked.searchParams.get("api-version") !== "7.1")
      throw new Refusal(400, "No api-version was supplied.");
    return (
      (await answer(routes, request, asked.pathname)) ?? json(404, { message: "There is no such page." })
    );
  }

  return {
    url,
    pool,
    agents,
    jobs,
    requests,
    token: () => token,
    /** From now on another token is valid. */
    renewToken: () => (token = `${token}x`),
    down: (yes: boolean) => void (isDown = yes),
    /** The next requests are answered so. */
    refuse: (...next: typeof refusals) => void (refusals = next),
    /** From now on the answers about jobs stay as they are. */
    stale(yes: boolean): void {
      isStale = yes;
      if (!yes) snapshot = undefined;
    },
    async fetch(request: Request): Promise<Response> {
      if (isDown) throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
      const refusal = refusals.shift();
      if (refusal) return new Response(null, refusal);
      try {
        return await respond(request);
      } catch (error) {
        if (error instanceof Refusal) return json(error.status, error.body);
        throw error;
      }
    },
    queue(name: string, demands: string[] = []): SimAzureJob {
      const job: SimAzureJob = {
        requestId: (ids += 1),
        name,
        demands,
        agent: undefined,
        assignedAt: undefined,
        finishedAt: undefined,
        result: undefined,
        starts: 0,
      };
      jobs.push(job);
      // No agent found in pool which satisfies the demands: such a job does not wait.
      if (!agents.some((agent) => mayTake(agent.capabilities, demands))) end(job, "failed");
      return job;
    },
    /** A guest's agent registers, by `config.sh --replace`, with this token. */
    register(
      name: string,
      withToken: string,
      capabilities: Record<string, string>,
    ): SimAzureAgent | undefined {
      if (withToken !== token || isDown) return undefined;
      const known = agents.find((agent) => agent.name === name);
      return known ?? add(name, "4.274.0", { "Agent.Version": "4.274.0", ...capabilities });
    },
    /** A registered agent listens, and may be given a job. Gone: it is in the pool no more. */
    listen(agent: SimAzureAgent): SimAzureJob | "gone" | undefined {
      if (isDown) return undefined;
      giveUp();
      if (!agents.includes(agent)) return "gone";
      agent.status = "online";
      const job = agent.enabled
        ? jobs.find((each) => !each.result && !each.agent && mayTake(agent.capabilities, each.demands))
        : undefined;
      if (!job) return undefined;
      Object.assign(job, { agent, assignedAt: now(), starts: job.starts + 1 });
      return job;
    },
    finish(job: SimAzureJob, result: NonNullable<SimAzureJob["result"]>): void {
      if (!job.result) end(job, result);
    },
    /** Nothing is heard of an agent any more. */
    leave: (agent: SimAzureAgent) => void (agent.status = "offline"),
  };
}

export type SimAzure = ReturnType<typeof makeSimAzure>;
