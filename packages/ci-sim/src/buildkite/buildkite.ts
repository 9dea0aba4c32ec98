import { answer, json, Refusal, route } from "../github/http.ts";
import { agentRoutes } from "./agent-api.ts";
import { makeAgents } from "./agents.ts";
import { makeJobs } from "./jobs.ts";
import { metricsOf } from "./metrics.ts";
import { Refused } from "./refused.ts";

/**
 * A cluster of Buildkite's with its Agent API: state and a fetch handler, without a socket, so that it can live in a
 * test's virtual time. Whatever is not as Buildkite wants it is refused.
 *
 * @param now milliseconds since 1970
 * @param pollSeconds so often the metrics may be asked for; it says so with every answer
 */
export function makeSimBuildkite({
  now,
  token = "bkct_secret",
  pollSeconds = 10,
}: {
  now: () => number;
  token?: string;
  pollSeconds?: number;
}) {
  const jobs = makeJobs();
  const agents = makeAgents(jobs, now);
  const tokens = new Set([token]);
  const requests: string[] = [];
  let isDown = false;
  let isPaused = false;
  let isRefusing = false;
  /** What the metrics say as long as they are stale. */
  let frozen: unknown;
  let askedAt = Number.NEGATIVE_INFINITY;

  function requireToken(request: Request): void {
    const given = /^Token (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
    if (given === undefined || !tokens.has(given))
      throw new Refused(401, "Unauthorized: the agent token is not valid, or has expired");
  }

  function requireAllowed(request: Request): void {
    requireToken(request);
    if (isRefusing) throw new Refused(401, "Unauthorized: the token may not be used from this address");
  }

  /** @throws Refused 429 */
  function requirePatience(): void {
    const early = askedAt + pollSeconds * 1000 - now();
    if (early > 0)
      throw new Refused(429, "Too many requests", { "retry-after": String(Math.ceil(early / 1000)) });
    askedAt = now();
  }

  const headers = { "Buildkite-Agent-Metrics-Poll-Duration": String(pollSeconds) };
  const routes = [
    route("GET /v3/metrics", ({ request }) => {
      requireToken(request);
      requirePatience();
      return Response.json(frozen ?? metricsOf({ agents, jobs }), { headers });
    }),
    route("GET /v3/metrics/queue", ({ request, url }) => {
      requireToken(request);
      const name = url.searchParams.get("name");
      if (name === null) throw new Refused(422, "name is missing");
      return Response.json(metricsOf({ agents, jobs }, name), { headers });
    }),
    ...agentRoutes({ agents, jobs, isPaused: () => isPaused }, requireAllowed),
  ];

  async function handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    requests.push(`${request.method} ${pathname}`);
    if (isDown) throw new TypeError("fetch failed");
    agents.lookForLost();
    const heard = agents.withToken((request.headers.get("authorization") ?? "").replace(/^Token /, ""));
    if (heard) heard.heardAt = now();
    try {
      return (await answer(routes, request, pathname)) ?? json(404, { message: "Not found" });
    } catch (error) {
      if (error instanceof Refused)
        return Response.json({ message: error.message }, { status: error.status, headers: error.headers });
      if (error instanceof Refusal)
        return Response.json({ message: error.message }, { status: error.status });
      throw error;
    }
  }

  return {
    url: "https://agent.buildkite.test/v3",
    token,
    tokens,
    jobs,
    agents,
    /** What was asked, as `GET /v3/metrics`. */
    requests,
    handle,
    fetch: ((input, init) => handle(new Request(input, init))) as typeof globalThis.fetch,
    /** Nobody gets an answer any more, or everybody again. */
    down: (is: boolean) => void (isDown = is),
    /** The queues are paused: their jobs wait, and no agent gets one. */
    pause: (is: boolean) => void (isPaused = is),
    /** The token is not allowed at the addresses of new agents, or is again. */
    refuseAgents: (is: boolean) => void (isRefusing = is),
    /** The metrics stay as they are now, or tell the truth again. */
    freeze(stale: boolean): void {
      frozen = stale ? metricsOf({ agents, jobs }) : undefined;
    },
  };
}

export type SimBuildkite = ReturnType<typeof makeSimBuildkite>;
