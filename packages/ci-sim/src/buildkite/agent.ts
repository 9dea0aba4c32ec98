import { z } from "zod";
import type { SimBuildkite } from "./buildkite.ts";

const registeredSchema = z.object({ access_token: z.string() });
const pingSchema = z.object({ job: z.object({ id: z.string() }).optional() });
const stateSchema = z.object({ state: z.string() });

/** What `buildkite-agent start --disconnect-after-job` does at the Agent API, as the agent's source has it. */
export interface PlayedAgent {
  /** Asks for a job, and begins it. @returns its id */
  ping(): Promise<string | undefined>;
  /** A sign of life. @returns whether its job was canceled meanwhile */
  beat(jobId?: string): Promise<boolean>;
  finish(jobId: string, exitStatus: number): Promise<void>;
  disconnect(): Promise<void>;
}

/** @returns undefined when Buildkite does not take it */
export async function connectAgent(
  { url, fetch }: Pick<SimBuildkite, "url" | "fetch">,
  { token, name, queue }: { token: string; name: string; queue: string },
): Promise<PlayedAgent | undefined> {
  async function call(bearer: string, line: string, body?: object): Promise<Response> {
    const [method = "", path = ""] = line.split(" ");
    return fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Token ${bearer}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  const registered = await call(token, "POST /register", {
    name,
    hostname: name,
    meta_data: [`queue=${queue}`],
  });
  if (!registered.ok) return undefined;
  const { access_token: own } = registeredSchema.parse(await registered.json());
  await call(own, "POST /connect");
  return {
    async ping() {
      const answer = await call(own, "GET /ping");
      if (!answer.ok) return undefined;
      const { job } = pingSchema.parse(await answer.json());
      if (!job || !(await call(own, `PUT /jobs/${job.id}/accept`)).ok) return undefined;
      return (await call(own, `PUT /jobs/${job.id}/start`)).ok ? job.id : undefined;
    },
    async beat(jobId) {
      await call(own, "POST /heartbeat");
      if (jobId === undefined) return false;
      const answer = await call(own, `GET /jobs/${jobId}`);
      return !answer.ok || stateSchema.parse(await answer.json()).state === "canceling";
    },
    async finish(jobId, exitStatus) {
      await call(own, `PUT /jobs/${jobId}/finish`, {
        exit_status: String(exitStatus),
        ignore_agent_in_dispatches: true,
      });
    },
    async disconnect() {
      await call(own, "POST /disconnect");
    },
  };
}
