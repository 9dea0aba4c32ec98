import { z } from "zod";
import type { Auth } from "./auth.ts";
import type { Hook } from "./hook.ts";
import { json, Refusal, route, type Call, type Route } from "./http.ts";
import type { Jobs, SimJob } from "./jobs.ts";
import type { Reports } from "./reports.ts";
import { GROUPS, type Runners } from "./runners.ts";

const jitRequest = z.strictObject({
  name: z.string().min(1).max(64),
  runner_group_id: z.int(),
  labels: z.array(z.string().min(1)).min(1).max(100),
  work_folder: z.string().optional(),
});

/** Where runners can be registered; each has the same calls. */
const SCOPES = ["/orgs/{owner}", "/repos/{owner}/{repo}", "/enterprises/{owner}"] as const;

export interface RestParts {
  appId: number;
  installationId: number;
  auth: Auth;
  runners: Runners;
  jobs: Jobs;
  hook: Hook;
  reports: Reports;
}

/** The part of GitHub's REST API that concerns runners (docs.github.com/rest/actions/self-hosted-runners). */
export function restRoutes({
  appId,
  installationId,
  auth,
  runners,
  jobs,
  hook,
  reports,
}: RestParts): Route[] {
  const withToken = (handle: (call: Call) => Promise<Response> | Response) => (call: Call) => {
    auth.requireToken(call.request);
    return handle(call);
  };
  const asApp = (handle: (call: Call) => Promise<Response> | Response) => async (call: Call) => {
    await auth.requireApp(call.request, appId);
    return handle(call);
  };

  const ofScope = SCOPES.flatMap((path) => [
    route(
      `POST ${path}/actions/runners/generate-jitconfig`,
      withToken(async ({ at, body }) => {
        const asked = await body(jitRequest);
        const scope = scopeOf(path, at);
        const group = GROUPS.find(({ id }) => id === asked.runner_group_id);
        if (!group) throw new Refusal(404, "Not Found");
        if (!group.usable) throw new Refusal(403, "Resource not accessible by integration");
        if (scope.startsWith("repos/") && group.id !== 1)
          throw new Refusal(422, "A repository has no runner group but 1.");
        const { name, labels } = asked;
        const { runner, jit } = runners.register({ name, labels, scope, groupId: group.id, setId: null });
        return json(201, { runner: runners.shown(runner), encoded_jit_config: jit });
      }),
    ),
    route(
      `POST ${path}/actions/runners/registration-token`,
      withToken(() => json(201, auth.newRegistrationToken())),
    ),
    route(
      `GET ${path}/actions/runners`,
      withToken(({ at, url }) => {
        const scope = scopeOf(path, at);
        const all = runners.all().filter((runner) => runner.scope === scope);
        const { shown } = pageOf(all, url);
        return json(200, { total_count: all.length, runners: shown.map(runners.shown) });
      }),
    ),
    route(
      `DELETE ${path}/actions/runners/{id}`,
      withToken(({ at }) => {
        runners.remove(Number(at["id"]));
        return new Response(null, { status: 204 });
      }),
    ),
  ]);

  return [
    route(
      "POST /app/installations/{id}/access_tokens",
      asApp(({ at }) => {
        if (Number(at["id"]) !== installationId) throw new Refusal(404, "Not Found");
        return json(201, { ...auth.newInstallationToken(), permissions: {}, repository_selection: "all" });
      }),
    ),
    ...ofScope,
    ...reports.routes,
    // A repository has none.
    ...["/orgs/{owner}", "/enterprises/{owner}"].map((path) =>
      route(
        `GET ${path}/actions/runner-groups`,
        withToken(({ url }) => {
          const { shown } = pageOf(GROUPS, url);
          return json(200, {
            total_count: GROUPS.length,
            runner_groups: shown.map(({ id, name }) => ({ id, name })),
          });
        }),
      ),
    ),
    route(
      "GET /repos/{owner}/{repo}/actions/runs/{run}/attempts/{attempt}/jobs",
      withToken(({ at, url }) => {
        const all = jobs.all.filter(
          (job) => job.runId === Number(at["run"]) && job.runAttempt === Number(at["attempt"]),
        );
        if (all.length === 0) throw new Refusal(404, "Not Found");
        return json(200, { total_count: all.length, jobs: pageOf(all, url).shown.map(jobShown) });
      }),
    ),
    route(
      "GET /repos/{owner}/{repo}/actions/runs/{run}",
      withToken(({ at }) => {
        const own = jobs.all.filter(({ runId }) => runId === Number(at["run"]));
        if (own.length === 0) throw new Refusal(404, "Not Found");
        const isOver = own.every(({ status }) => status === "completed");
        return json(200, {
          id: Number(at["run"]),
          run_attempt: 1,
          head_sha: own[0]?.headSha,
          status: isOver ? "completed" : "in_progress",
        });
      }),
    ),
    route(
      "GET /repos/{owner}/{repo}/actions/jobs/{id}",
      withToken(({ at }) => {
        const job = jobs.all.find(({ id }) => id === Number(at["id"]));
        if (!job) throw new Refusal(404, "Not Found");
        return json(200, jobShown(job));
      }),
    ),
    route(
      "GET /app/hook/deliveries",
      asApp(({ url }) => {
        const size = Math.min(100, Number(url.searchParams.get("per_page") ?? 30));
        const before = Number(url.searchParams.get("cursor") ?? Number.POSITIVE_INFINITY);
        const older = hook
          .deliveries()
          .toReversed()
          .filter(({ id }) => id < before);
        const shown = older.slice(0, size);
        const response = json(200, shown.map(hook.summaryOf));
        const last = shown.at(-1);
        if (last && older.length > size)
          response.headers.set("link", `<${url.origin}${url.pathname}?cursor=${last.id}>; rel="next"`);
        return response;
      }),
    ),
    route(
      "GET /app/hook/deliveries/{id}",
      asApp(({ at }) => json(200, hook.detailsOf(hook.required(Number(at["id"]))))),
    ),
    route(
      "POST /app/hook/deliveries/{id}/attempts",
      asApp(({ at }) => {
        hook.redeliver(Number(at["id"]));
        return json(202, {});
      }),
    ),
  ];
}

function scopeOf(path: (typeof SCOPES)[number], at: Record<string, string>): string {
  return path.slice(1).replace(/\{(\w+)\}/g, (_whole, key: string) => at[key] ?? "");
}

/** GitHub's pages: at most 100 of a kind, by number. */
function pageOf<T>(all: readonly T[], url: URL): { shown: T[] } {
  const size = Math.min(100, Number(url.searchParams.get("per_page") ?? 30));
  const page = Number(url.searchParams.get("page") ?? 1);
  return { shown: all.slice((page - 1) * size, page * size) };
}

/** A job as REST and webhooks show it. */
export function jobShown(job: SimJob) {
  return {
    id: job.id,
    run_id: job.runId,
    run_attempt: job.runAttempt,
    workflow_name: "CI",
    name: job.name,
    head_branch: "main",
    head_sha: job.headSha,
    status: job.status,
    conclusion: job.conclusion,
    created_at: job.queuedAt,
    started_at: job.startedAt ?? job.queuedAt,
    completed_at: job.completedAt,
    labels: job.labels,
    runner_id: job.runner?.id ?? null,
    runner_name: job.runner?.name ?? null,
    runner_group_id: job.runner ? 1 : null,
    runner_group_name: job.runner ? "Default" : null,
    steps: [],
  };
}
