import { z } from "zod";
import { json, route, type Call, type Route } from "../github/http.ts";
import type { SimAgent, SimAgents } from "./agents.ts";
import { isOver, type SimJob, type SimJobs } from "./jobs.ts";
import { Refused } from "./refused.ts";

/** As api/agents.go of the agent has it; what it has beside is not looked at. */
const registerSchema = z.object({
  name: z.string().min(1),
  hostname: z.string().optional(),
  ignore_in_dispatches: z.boolean().default(false),
  meta_data: z.array(z.string().regex(/^[^=]+=.*$/, "must be key=value")).default([]),
});
const finishSchema = z.object({
  exit_status: z.string().regex(/^-?\d+$/),
  ignore_agent_in_dispatches: z.boolean().optional(),
});

/** What an agent does at the Agent API (the agent's api folder). */
export function agentRoutes(
  { agents, jobs, isPaused }: { agents: SimAgents; jobs: SimJobs; isPaused: () => boolean },
  requireToken: (request: Request) => void,
): Route[] {
  function agentOf({ request }: Call): SimAgent {
    const [scheme, token = ""] = (request.headers.get("authorization") ?? "").split(" ");
    const agent = scheme === "Token" ? agents.withToken(token) : undefined;
    if (!agent || agent.state === "disconnected" || agent.state === "lost")
      throw new Refused(401, "Your agent has been disconnected");
    return agent;
  }

  function jobFor(call: Call, agent: SimAgent): SimJob {
    const job = jobs.withId(call.at["id"] ?? "");
    if (!job) throw new Refused(404, "No job found");
    if (job.agentId !== agent.id || isOver(job))
      throw new Refused(422, "The job is not this agent's any more");
    return job;
  }

  return [
    route("POST /v3/register", async (call) => {
      requireToken(call.request);
      const { name, meta_data: tags, ignore_in_dispatches: ignores } = await call.body(registerSchema);
      const queue = tags.find((tag) => tag.startsWith("queue="))?.slice("queue=".length) ?? "default";
      const { id, accessToken } = agents.register(name, queue, ignores);
      return json(200, { id, name, access_token: accessToken, ping_interval: 10, heartbeat_interval: 60 });
    }),
    route("POST /v3/connect", (call) => {
      agentOf(call).state = "connected";
      return json(200, {});
    }),
    route("POST /v3/heartbeat", (call) => {
      agentOf(call);
      return json(200, {});
    }),
    route("POST /v3/disconnect", (call) => {
      agents.leave(agentOf(call), "disconnected");
      return json(200, {});
    }),
    route("GET /v3/ping", (call) => {
      const agent = agentOf(call);
      if (agent.state !== "connected") throw new Refused(422, "Connect first");
      const job =
        agents.jobOf(agent) ?? (agent.ignoresDispatches || isPaused() ? undefined : jobs.next(agent.queue));
      if (!job) return json(200, { action: "idle" });
      if (job.state === "scheduled") Object.assign(job, { state: "assigned", agentId: agent.id });
      return json(200, { job: { id: job.id } });
    }),
    route("PUT /v3/jobs/{id}/accept", (call) => {
      const job = jobFor(call, agentOf(call));
      if (job.state !== "assigned") throw new Refused(422, "The job cannot be accepted");
      job.state = "accepted";
      return json(200, { id: job.id, env: { BUILDKITE_COMMAND: job.command } });
    }),
    route("PUT /v3/jobs/{id}/acquire", (call) => {
      const agent = agentOf(call);
      const job = jobs.withId(call.at["id"] ?? "");
      if (job?.state === "waiting") throw new Refused(423, "The job is waiting for others");
      if (job?.state !== "scheduled") throw new Refused(422, "The job cannot be acquired");
      Object.assign(job, { state: "accepted", agentId: agent.id });
      return json(200, { id: job.id, env: { BUILDKITE_COMMAND: job.command } });
    }),
    route("PUT /v3/jobs/{id}/start", (call) => {
      const job = jobFor(call, agentOf(call));
      if (job.state !== "accepted" && job.state !== "canceling")
        throw new Refused(422, "The job cannot be started");
      if (job.state === "accepted") job.state = "running";
      job.starts += 1;
      return json(200, {});
    }),
    route("GET /v3/jobs/{id}", (call) => {
      const { state } = jobFor(call, agentOf(call));
      return json(200, { state });
    }),
    route("PUT /v3/jobs/{id}/finish", async (call) => {
      const agent = agentOf(call);
      const job = jobFor(call, agent);
      const { exit_status: status, ignore_agent_in_dispatches: ignores = false } =
        await call.body(finishSchema);
      jobs.finish(job, Number(status));
      agent.ignoresDispatches ||= ignores;
      return json(200, {});
    }),
  ];
}
