import { makeSimGitHub } from "@tartfleet/ci-sim/github";
import { describe, expect, test } from "vitest";
import { makeActionsService } from "../../../src/integrations/github/actions-service.ts";
import { makeApi } from "../../../src/integrations/github/api.ts";
import type { Scope } from "../../../src/integrations/github/config.ts";
import { RUNNER } from "../../support/github-world.ts";

const ELSEWHERE = "https://pipelines.actions.githubusercontent.com/tenant";

/** Every call of the integration, and where the stand-in, which answers nowhere else, was asked. */
async function callAll(url: string, scope: Scope, auth: "app" | "token") {
  const github = makeSimGitHub({ url, pollMs: 1, dispatch: "offer" });
  const asked: string[] = [];
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init);
    const { origin, pathname } = new URL(request.url);
    asked.push(`${request.method} ${origin}${pathname}`);
    return github.fetch(request);
  };
  const { appId: id, installationId, privateKey } = github;
  const api = makeApi(
    {
      url,
      runners: [],
      webhookSecret: undefined,
      auth:
        auth === "app"
          ? { kind: "app", id, installationId, privateKey }
          : { kind: "token", token: github.auth.newPersonalToken() },
    },
    fetch,
    Date.now,
  );
  const job = github.jobs.queue({ labels: ["ios"] });
  const at = { repository: job.repository, runId: String(job.runId), runAttempt: "1" };
  await api.generateJit(scope, { name: "ios-1", groupId: 1, labels: ["other"] });
  const [runner] = await api.runners(scope);
  expect(await api.removeRunner(scope, runner?.id ?? 0)).toBe(true);
  if (!("repository" in scope)) expect(await api.groupId(scope, "macs")).toBe(2);
  expect(await api.statusOf({ ...at, jobId: String(job.id) })).toBe("queued");
  expect(await api.statusOf({ ...at, jobId: "a-guid" })).toBe("in_progress");
  expect(await api.isJobOver(at, () => true)).toBe(false);
  if (auth === "app") {
    const { deliveries } = await api.deliveries(undefined);
    expect(await api.payloadOf(deliveries[0]?.id ?? 0)).toMatchObject({ action: "queued" });
  }
  const service = makeActionsService({ url, scope }, { api, fetch, now: Date.now });
  const { signal } = new AbortController();
  const setId = await service.ensureSet({ ...RUNNER, scope });
  const session = await service.openSession(setId, "me");
  if (!session) throw new Error("there is no session");
  const fresh = await service.refreshSession(setId, session);
  const message = await service.nextMessage(fresh, { after: 0, capacity: 1, signal });
  await service.acquire(setId, fresh, [message?.jobs[0]?.runnerRequestId ?? 0]);
  await service.acknowledge(fresh, message?.id ?? 0);
  await service.generateJit(setId, "ios-2");
  await service.endSession(setId, fresh.sessionId);
  expect(job.setId).toBe(setId);
  return asked;
}

const SCOPES = [
  ["/orgs/acme", { organization: "acme" }, "app"],
  ["/repos/acme/app", { repository: "acme/app" }, "app"],
  ["/enterprises/acme", { enterprise: "acme" }, "token"],
] as const;

describe.each([
  ["https://github.com", "https://api.github.com", ELSEWHERE],
  ["https://acme.ghe.com", "https://api.acme.ghe.com", ELSEWHERE],
  [
    "https://ghe.example.com",
    "https://ghe.example.com/api/v3",
    "https://ghe.example.com/_services/pipelines/tenant",
  ],
])("of %s", (url, rest, service) => {
  test.each(SCOPES)("every call for %s is where GitHub answers it", async (path, scope, auth) => {
    const asked = await callAll(url, scope, auth);
    const ofScope = `${rest}${path}/actions`;
    const run = `${rest}/repos/acme/app/actions/runs/1000001`;
    const set = `${service}/_apis/runtime/runnerscalesets/1`;
    const expected = [
      ...(auth === "app"
        ? [
            expect.stringMatching(`^POST ${rest}/app/installations/\\d+/access_tokens$`),
            `GET ${rest}/app/hook/deliveries`,
            `GET ${rest}/app/hook/deliveries/1`,
          ]
        : []),
      ...("repository" in scope ? [] : [`GET ${ofScope}/runner-groups`]),
      `POST ${ofScope}/runners/generate-jitconfig`,
      `GET ${ofScope}/runners`,
      `DELETE ${ofScope}/runners/21`,
      `GET ${rest}/repos/acme/app/actions/jobs/40000000001`,
      `GET ${run}`,
      `GET ${run}/attempts/1/jobs`,
      `POST ${ofScope}/runners/registration-token`,
      `POST ${rest}/actions/runner-registration`,
      `GET ${service}/_apis/runtime/runnerscalesets`,
      `POST ${service}/_apis/runtime/runnerscalesets`,
      `POST ${set}/sessions`,
      expect.stringMatching(`^PATCH ${set}/sessions/[\\w-]+$`),
      `GET ${service}/queue/1`,
      `POST ${set}/acquirejobs`,
      `DELETE ${service}/queue/1/1`,
      `POST ${set}/generatejitconfig`,
      expect.stringMatching(`^DELETE ${set}/sessions/[\\w-]+$`),
    ];
    expect(asked).toHaveLength(expected.length);
    expect(asked).toEqual(expect.arrayContaining(expected));
  });
});
