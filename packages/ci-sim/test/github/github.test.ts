import { expect, test } from "vitest";
import { makeSimGitHub } from "../../src/github/index.ts";

const API = "https://github.test/api/v3";

function caller(github: ReturnType<typeof makeSimGitHub>, token: string) {
  return async (method: string, path: string, body?: object) => {
    const response = await github.fetch(`${API}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
  };
}

const JIT = "/orgs/acme/actions/runners/generate-jitconfig";

test("who has no token, or one that has expired, gets nothing", async () => {
  const github = makeSimGitHub();
  const { token } = github.auth.newInstallationToken();
  expect((await caller(github, token)("GET", "/orgs/acme/actions/runners")).status).toBe(200);
  github.auth.revokeAll();
  expect((await caller(github, token)("GET", "/orgs/acme/actions/runners")).status).toBe(401);
  const forged = await caller(github, "a.b.c")("POST", "/app/installations/456/access_tokens");
  expect(forged.status).toBe(401);
});

test("a JIT configuration wants a group and labels, and a name that is not taken", async () => {
  const github = makeSimGitHub();
  const call = caller(github, github.auth.newPersonalToken());
  const runner = { name: "a", runner_group_id: 1, labels: ["ios"], work_folder: "_work" };
  expect((await call("POST", JIT, { name: "a", labels: ["ios"] })).status).toBe(422);
  expect((await call("POST", JIT, { ...runner, labels: [] })).status).toBe(422);
  expect((await call("POST", JIT, { ...runner, runner_group_id: 3 })).status).toBe(403);
  expect((await call("POST", JIT, { ...runner, runner_group_id: 99 })).status).toBe(404);
  expect((await call("POST", JIT, runner)).status).toBe(201);
  expect((await call("POST", JIT, runner)).status).toBe(409);
});

test("a runner at work is not removed, and an idle one is", async () => {
  const github = makeSimGitHub();
  const call = caller(github, github.auth.newPersonalToken());
  const made = await call("POST", JIT, { name: "a", runner_group_id: 1, labels: ["ios"] });
  github.jobs.queue({ labels: ["ios"] });
  const job = github.connect("a");
  const path = `/orgs/acme/actions/runners/${made.body.runner.id}`;
  expect((await call("DELETE", path)).status).toBe(422);
  github.runners.tellStale(true);
  expect((await call("GET", "/orgs/acme/actions/runners")).body.runners[0].busy).toBe(false);
  github.runners.tellStale(false);
  github.finish(job?.id ?? 0, "success");
  expect((await call("DELETE", path)).status).toBe(404);
});

test("the hour's requests are counted down, and then there are none", async () => {
  const github = makeSimGitHub();
  const call = caller(github, github.auth.newPersonalToken());
  github.leave(1);
  expect((await call("GET", "/orgs/acme/actions/runners")).headers.get("x-ratelimit-remaining")).toBe("0");
  expect((await call("GET", "/orgs/acme/actions/runners")).status).toBe(403);
});
