import { answer, json, route } from "../github/http.ts";

/** So long nothing may be heard of a runner that has a task. */
const LOST_MS = 300_000;

export interface SimTask {
  name: string;
  runner: string | undefined;
  claimedAt: number | undefined;
  /** When something was heard of its runner. */
  heardAt: number | undefined;
  result: "success" | "failed" | "canceled" | "infrastructure_fail" | undefined;
  starts: number;
}

/** A stand-in for CircleCI's self-hosted runner API with one resource class, by the documentation of that API. */
export function makeSimCircleci({
  now,
  resourceClass = "acme/macos",
}: {
  now: () => number;
  resourceClass?: string;
}) {
  const url = "https://runner.circleci.com";
  const classToken = "circleci-class-token";
  const tasks: SimTask[] = [];
  const connected = new Map<string, { first: number; last: number; used: number | undefined }>();
  const requests: string[] = [];
  let token = "circleci-token-1";
  let isDown = false;
  let refusals: { status: number; headers?: Record<string, string> }[] = [];
  let isStale = false;
  let snapshot = { unclaimed: 0, running: 0 };

  const isRunning = ({ runner, result }: SimTask) => runner !== undefined && result === undefined;

  function counts(): typeof snapshot {
    const unclaimed = tasks.filter(({ runner, result }) => runner === undefined && !result).length;
    if (!isStale) snapshot = { unclaimed, running: tasks.filter(isRunning).length };
    return snapshot;
  }

  const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  const routes = [
    route("GET /api/v3/runner/tasks", () => json(200, { unclaimed_task_count: counts().unclaimed })),
    route("GET /api/v3/runner/tasks/running", () => json(200, { running_runner_tasks: counts().running })),
    route("GET /api/v3/runner", () =>
      json(200, {
        items: Array.from(connected, ([name, { first, last, used }]) => ({
          resource_class: resourceClass,
          hostname: name,
          name,
          first_connected: iso(first),
          last_connected: iso(last),
          last_used: iso(used),
          version: "3.1.7",
        })),
      }),
    ),
  ];

  function giveUp(): void {
    for (const task of tasks)
      if (isRunning(task) && now() - (task.heardAt ?? 0) >= LOST_MS) task.result = "infrastructure_fail";
  }

  async function respond(request: Request): Promise<Response> {
    const asked = new URL(request.url);
    requests.push(`${request.method} ${asked.pathname}`);
    giveUp();
    if (request.headers.get("circle-token") !== token) return json(401, { message: "Unauthorized" });
    if ([...asked.searchParams.keys()].join(",") !== "resource-class")
      return json(400, { message: "resource-class is needed, and nothing else" });
    if (asked.searchParams.get("resource-class") !== resourceClass)
      return json(404, { message: "resource class not found" });
    return (await answer(routes, request, asked.pathname)) ?? json(404, { message: "not found" });
  }

  return {
    url,
    resourceClass,
    classToken,
    tasks,
    connected,
    requests,
    token: () => token,
    renewToken: () => (token = `${token}x`),
    down: (yes: boolean) => void (isDown = yes),
    refuse: (...next: typeof refusals) => void (refusals = next),
    stale: (yes: boolean) => void (isStale = yes),
    async fetch(request: Request): Promise<Response> {
      if (isDown) throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
      const refusal = refusals.shift();
      return refusal ? new Response(null, refusal) : respond(request);
    },
    queue(name: string): SimTask {
      const task: SimTask = {
        name,
        runner: undefined,
        claimedAt: undefined,
        heardAt: undefined,
        result: undefined,
        starts: 0,
      };
      tasks.push(task);
      return task;
    },
    /** A machine runner asks for a task. @returns false when its token is not the resource class's */
    claim(runner: string, withToken: string): SimTask | false | undefined {
      if (withToken !== classToken) return false;
      if (isDown) return undefined;
      giveUp();
      const known = connected.get(runner) ?? { first: now(), last: now(), used: undefined };
      connected.set(runner, { ...known, last: now() });
      const task = tasks.find((each) => each.runner === undefined && !each.result);
      if (!task) return undefined;
      Object.assign(task, { runner, claimedAt: now(), heardAt: now(), starts: task.starts + 1 });
      connected.set(runner, { ...known, last: now(), used: now() });
      return task;
    },
    /** A sign of a runner at work. */
    beat: (task: SimTask) => void (task.heardAt = now()),
    finish(task: SimTask, result: NonNullable<SimTask["result"]>): void {
      task.result ??= result;
    },
  };
}

export type SimCircleci = ReturnType<typeof makeSimCircleci>;
