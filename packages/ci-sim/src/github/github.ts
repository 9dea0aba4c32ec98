import { randomInt } from "node:crypto";
import { makeAuth } from "./auth.ts";
import { makeHook } from "./hook.ts";
import { answer, Refusal } from "./http.ts";
import { makeJobs, type Conclusion, type SimJob } from "./jobs.ts";
import { placesOf } from "./places.ts";
import { makeReports } from "./reports.ts";
import { restRoutes } from "./rest.ts";
import { makeRunners, type MakeJit, type SimRunner } from "./runners.ts";
import { makeScaleSets, type Dispatch } from "./scale-set.ts";

export interface SimGitHubOptions {
  /** Where it is, which says where its API is: of github.com beside it, of an Enterprise Server under it. */
  url?: string;
  /** How long the queue of a scale set holds a question open; milliseconds (GitHub: 50 s). */
  pollMs?: number;
  dispatch?: Dispatch;
  /** How time passes for it; by default as it does. Milliseconds. */
  timeout?: (ms: number) => AbortSignal;
  /** What a runner is given; by default something that no runner could use. */
  makeJit?: MakeJit;
}

const APP_ID = 123;
/** Of the REST API by its place, of the Actions service by what it does. */
const REGISTRATION = "/actions/runner-registration";
const HOOK_SECRET = "hook-secret";
/** Requests an hour of an App's installation, at the least (docs.github.com, "Rate limits for the REST API"). */
const LIMIT = 5000;

/**
 * A GitHub that knows Apps, runners, jobs, webhooks and scale sets: state and a fetch handler, without a socket, so
 * that it can live in a test's virtual time. Whatever is not as GitHub wants it is refused.
 */
export function makeSimGitHub({
  url = "https://github.test",
  pollMs = 50_000,
  dispatch = "assign",
  timeout = (ms) => AbortSignal.timeout(ms),
  makeJit = ({ name }) =>
    Buffer.from(JSON.stringify({ ".runner": Buffer.from(name).toString("base64") })).toString("base64"),
}: SimGitHubOptions = {}) {
  const places = placesOf(url);
  const auth = makeAuth();
  const jobs = makeJobs();
  const runners = makeRunners(makeJit);
  const reports = makeReports({ auth, jobs });
  const hook = makeHook(jobs, HOOK_SECRET);
  const scaleSets = makeScaleSets(
    { auth, runners, jobs },
    { base: places.service, pollMs, dispatch, timeout },
  );
  // Its own: octokit shares what it is still asking for among all clients of a process, by this number.
  const installationId = randomInt(1, 2 ** 31);
  const rest = restRoutes({ appId: APP_ID, installationId, auth, runners, jobs, hook, reports });
  const requests: string[] = [];
  let isDown = false;
  let remaining = LIMIT;
  let resetsAt = 0;
  let fault: ((request: Request) => Response | undefined) | undefined;

  async function handle(request: Request): Promise<Response> {
    const { origin, pathname } = new URL(request.url);
    requests.push(`${request.method} ${pathname}`);
    const faulty = fault?.(request);
    if (faulty) return faulty;
    try {
      const ofRest = under(places.rest, origin + pathname);
      const path = ofRest ?? under(places.service, origin + pathname) ?? "";
      const isRest = ofRest !== undefined && path !== REGISTRATION;
      const limits = isRest ? spend() : {};
      const found = await answer(isRest ? rest : scaleSets.routes, request, path);
      const response = found ?? Response.json({ message: "Not Found" }, { status: 404 });
      for (const [name, value] of Object.entries(limits)) response.headers.set(name, value);
      return response;
    } catch (error) {
      if (error instanceof Refusal)
        return Response.json(error.body, { status: error.status, headers: error.headers });
      throw error;
    }
  }

  /** @throws Refusal 403 when the hour's requests are used up */
  function spend(): Record<string, string> {
    const now = Date.now();
    if (now >= resetsAt) [remaining, resetsAt] = [LIMIT, now + 3_600_000];
    const headers = () => ({
      "x-ratelimit-limit": String(LIMIT),
      "x-ratelimit-remaining": String(remaining),
      "x-ratelimit-reset": String(Math.ceil(resetsAt / 1000)),
    });
    if (remaining <= 0)
      throw new Refusal(403, "API rate limit exceeded for installation ID 456.", { headers: headers() });
    remaining -= 1;
    return headers();
  }

  /** The oldest job that it may take: of its own set alone when it has one, else any whose labels it has. */
  function jobFor(runner: SimRunner): SimJob | undefined {
    return jobs.all.find(
      (job) =>
        job.status === "queued" &&
        (runner.setId === null
          ? job.setId === null && hasAll(runner.labels, job.labels)
          : job.setId === runner.setId),
    );
  }

  return {
    url,
    appId: APP_ID,
    installationId,
    privateKey: auth.privateKey,
    auth,
    jobs,
    runners,
    hook,
    reports,
    sets: scaleSets.sets,
    scaleSets,
    /** What was asked, as `METHOD /path`. */
    requests,
    handle,
    /** The same as a client calls it: nothing answers while it is down. */
    fetch: async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      if (isDown) throw new TypeError("fetch failed");
      const request = new Request(input, init);
      const response = await handle(request);
      request.signal.throwIfAborted();
      return response;
    },
    down: (down: boolean) => void (isDown = down),
    /** Answers in its place, for as long as it does. */
    failWith: (answers: ((request: Request) => Response | undefined) | undefined) => void (fault = answers),
    /** So many requests are left of this hour. */
    leave: (count: number) => {
      resetsAt = Math.max(resetsAt, Date.now() + 3_600_000);
      remaining = count;
    },
    /** A runner of that name has connected, and takes a job if one waits for it. */
    connect(name: string): SimJob | undefined {
      const runner = runners.named(name);
      if (!runner) throw new Error(`there is no runner ${name}`);
      runner.status = "online";
      const job = runner.busy ? undefined : jobFor(runner);
      if (!job) return undefined;
      runner.busy = true;
      jobs.start(job.id, runner);
      return job;
    },
    /** The job's result has come, by its runner or because the runner was lost. */
    finish(id: number, conclusion: Conclusion): void {
      jobs.complete(id, conclusion);
      const { runner } = jobs.required(id);
      if (runner) runners.forget(runner.id);
    },
  };
}

/** The rest of a URL below a place; undefined when it is not there. */
function under(place: string, target: string): string | undefined {
  return target.startsWith(`${place}/`) ? target.slice(place.length) : undefined;
}

/** GitHub compares labels without regard to case. */
function hasAll(labels: readonly string[], asked: readonly string[]): boolean {
  const known = new Set(labels.map((label) => label.toLowerCase()));
  return asked.every((label) => known.has(label.toLowerCase()));
}

export type SimGitHub = ReturnType<typeof makeSimGitHub>;
