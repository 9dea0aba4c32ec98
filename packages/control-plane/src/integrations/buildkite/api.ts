import { z } from "zod";
import type { QueueCount } from "../../domain/queue-count.ts";
import { CiError, type Answer } from "../poll.ts";
import type { Counts } from "../polled.ts";
import type { QueueDefinition } from "./config.ts";

export type Fetch = typeof globalThis.fetch;

/** A queue that nobody has waited in or worked for is not in the answer, and neither are counts of nothing. */
const counted = z.int().min(0).default(0);
const metricsSchema = z.object({
  organization: z.object({ slug: z.string().min(1) }),
  jobs: z.object({
    queues: z.record(z.string(), z.object({ scheduled: counted, running: counted })).default({}),
  }),
  agents: z.object({ queues: z.record(z.string(), z.object({ idle: counted })).default({}) }),
});

const REST = "buildkite-agent-metrics-poll-duration";
const MOST_REST_SECONDS = 3600;

/**
 * Asks for the metrics of a token's cluster (buildkite-agent-metrics, collector.go). Jobs that wait for others
 * (`waiting`) do not count: no runner may take them.
 *
 * @throws CiError
 */
export async function countQueues(
  { url, token, definitions }: { url: string; token: string; definitions: readonly QueueDefinition[] },
  { fetch, signal, version }: { fetch: Fetch; signal: AbortSignal; version: string },
): Promise<Answer<Counts>> {
  const response = await fetch(`${url}/metrics`, {
    headers: {
      authorization: `Token ${token}`,
      accept: "application/json",
      "user-agent": `tartfleet/${version}`,
    },
    redirect: "manual",
    signal,
  });
  const body = await response.text();
  if (!response.ok) throw refusal(response, body);
  const parsed = metricsSchema.safeParse(jsonOf(body));
  if (!parsed.success) throw new CiError(`${url}/metrics answered with something else than metrics`);
  const { jobs, agents } = parsed.data;
  const counts = new Map(
    definitions.map(({ name, queue }): [string, QueueCount] => {
      const { scheduled, running } = jobs.queues[queue] ?? { scheduled: 0, running: 0 };
      return [name, { waiting: scheduled, running, idle: agents.queues[queue]?.idle ?? 0 }];
    }),
  );
  return { said: counts, restMs: secondsIn(response.headers.get(REST)) * 1000 };
}

function refusal({ status, headers }: Response, body: string): CiError {
  const said = z.object({ message: z.string() }).safeParse(jsonOf(body));
  const words = said.success ? `: ${said.data.message}` : "";
  const restMs = secondsIn(headers.get("retry-after")) * 1000;
  if (status === 401 || status === 403)
    return new CiError(
      `Buildkite refuses the agent token (${status}${words}). Make another in the cluster's Agent Tokens, put it into tokenFile and restart the control plane; VMs go on meanwhile`,
      60_000,
    );
  if (status === 429)
    return new CiError(`Buildkite is asked too often (429${words})`, Math.max(restMs, 60_000));
  return new CiError(`Buildkite answered ${status}${words}`, restMs);
}

function secondsIn(header: string | null): number {
  const seconds = Number(header ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, MOST_REST_SECONDS) : 0;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
