import { expect, test } from "vitest";
import { startFakeGitHub, type FakeGitHub } from "../../src/github/server.ts";

interface Runner {
  secret: string;
  serverUrl: string;
}

const fileOf = (files: Record<string, string>, name: string): string =>
  Buffer.from(files[name] ?? "", "base64").toString();

function open(encodedJitConfig: string): Runner {
  const files: Record<string, string> = JSON.parse(Buffer.from(encodedJitConfig, "base64").toString());
  const { serverUrl }: { serverUrl: string } = JSON.parse(fileOf(files, ".runner"));
  const { data }: { data: { token: string } } = JSON.parse(fileOf(files, ".credentials"));
  return { secret: data.token, serverUrl };
}

const call = async (
  { secret, serverUrl }: Runner,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> =>
  fetch(serverUrl + path, {
    method,
    headers: { authorization: `Bearer ${secret}` },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });

async function takeJob(runner: Runner): Promise<string> {
  const response = await call(runner, "GET", "/_fake/job");
  const { id }: { id: string } = JSON.parse(await response.text());
  return id;
}

const jitRunner = (github: FakeGitHub, job = {}): Runner =>
  open(github.createJitConfig({ name: "mac-1", labels: ["macos"], job }).encodedJitConfig);

test("a job goes from queued to delivered, once", async () => {
  await using github = await startFakeGitHub();
  const runner = jitRunner(github, { name: "build" });
  expect(github.jobs()).toMatchObject([
    { name: "build", state: "queued", result: "pending", runnerName: null },
  ]);
  const id = await takeJob(runner);
  expect(github.jobs()).toMatchObject([{ state: "in_progress", result: "running", runnerName: "mac-1" }]);
  expect((await call(runner, "POST", `/_fake/jobs/${id}/result`, { conclusion: "success" })).status).toBe(
    204,
  );
  expect(await github.settled("build")).toMatchObject({
    state: "completed",
    result: "delivered",
    conclusion: "success",
  });
  expect((await call(runner, "POST", `/_fake/jobs/${id}/result`, { conclusion: "failure" })).status).toBe(
    410,
  );
  expect(github.jobs()).toMatchObject([{ conclusion: "success" }]);
});

test("a job whose lock is not renewed is lost, and its late result refused", async () => {
  await using github = await startFakeGitHub({ lockSeconds: 0.1 });
  const runner = jitRunner(github);
  const id = await takeJob(runner);
  expect(await github.settled()).toMatchObject({ result: "lost", conclusion: "failure" });
  expect((await call(runner, "POST", `/_fake/jobs/${id}/lock`, {})).status).toBe(410);
  expect((await call(runner, "POST", `/_fake/jobs/${id}/result`, { conclusion: "success" })).status).toBe(
    410,
  );
  expect(github.jobs()).toMatchObject([{ result: "lost" }]);
});

test("jobs go to the runner they were made for, others by labels", async () => {
  await using github = await startFakeGitHub();
  const first = jitRunner(github, { name: "reserved" });
  const second = open(github.createJitConfig({ name: "mac-2", labels: ["macos", "big"] }).encodedJitConfig);
  const waiting = call(second, "GET", "/_fake/job");
  github.enqueueJob({ name: "needs more", labels: ["xcode"] });
  github.enqueueJob({ name: "fits", labels: ["big"] });
  expect(await (await waiting).json()).toMatchObject({ name: "fits" });
  await takeJob(first);
  expect(github.jobs().map(({ name, runnerName }) => [name, runnerName])).toEqual([
    ["reserved", "mac-1"],
    ["needs more", null],
    ["fits", "mac-2"],
  ]);
});

test("strangers and malformed messages are refused", async () => {
  await using github = await startFakeGitHub();
  const runner = jitRunner(github);
  const id = await takeJob(runner);
  const stranger = { ...runner, secret: "guess" };
  expect((await call(stranger, "GET", "/_fake/job")).status).toBe(401);
  expect((await call(stranger, "POST", `/_fake/jobs/${id}/result`, { conclusion: "success" })).status).toBe(
    401,
  );
  expect((await call(runner, "POST", `/_fake/jobs/${id}/result`, { conclusion: "great" })).status).toBe(400);
  expect((await call(runner, "POST", `/_fake/jobs/${id}/events`, "{")).status).toBe(400);
  expect((await call(runner, "POST", `/_fake/jobs/no-such-job/lock`, {})).status).toBe(410);
  expect((await call(runner, "GET", "/elsewhere")).status).toBe(404);
  const registration = { token: "guess", name: "x", labels: [] };
  expect((await call(runner, "POST", "/_fake/runners", registration)).status).toBe(404);
  const known = { ...registration, token: github.registrationToken(), name: "mac-1" };
  expect((await call(runner, "POST", "/_fake/runners", known)).status).toBe(409);
});

test("a result can be held up, and arrives when it is let through", async () => {
  await using github = await startFakeGitHub();
  const runner = jitRunner(github, { name: "held" });
  const letThrough = github.holdResult("held");
  const id = await takeJob(runner);
  const sent = call(runner, "POST", `/_fake/jobs/${id}/result`, { conclusion: "success" });
  await call(runner, "POST", `/_fake/jobs/${id}/lock`, {});
  expect(github.jobs()).toMatchObject([{ result: "running" }]);
  letThrough();
  expect((await sent).status).toBe(204);
  expect(github.jobs()).toMatchObject([{ result: "delivered" }]);
});
