import { bootstrapSchema, Secret, type RevealedRunner } from "@tartfleet/shared";
import { startFakeGitHub, type FakeGitHub } from "@tartfleet/tart-sim";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Guest } from "../../src/guest/guest.ts";
import { provision } from "../../src/guest/provision.ts";
import { runRepeatable } from "../../src/guest/repeat.ts";
import { readScriptResult } from "../../src/guest/results.ts";
import { waitForGuest } from "../../src/guest/wait-for-guest.ts";
import { makeHttpRecorder, type HttpRecorder } from "../guest/http-recorder.ts";
import { allArguments } from "../guest/local-guest.ts";
import { MACOS, makeSimMac, VM, type SimMac } from "../tart/sim-mac.ts";

const TOKEN = "vm-token-that-nobody-may-see";
const SECRET = "runner-secret-that-nobody-may-see";
const { signal } = new AbortController();

let mac: SimMac;
let plane: HttpRecorder;
let github: FakeGitHub;
let guest: Guest;
let ip: string | null;

beforeEach(async () => {
  [mac, plane, github] = await Promise.all([
    makeSimMac({ cached: [MACOS] }),
    makeHttpRecorder(),
    startFakeGitHub(),
  ]);
  await mac.started(VM);
  const reached = await waitForGuest({
    name: VM,
    tart: mac.tart,
    logPath: mac.log(VM),
    ssh: { username: "admin", password: new Secret("admin"), port: 2222 },
    timeoutSeconds: 20,
    headStartSeconds: 1_000_000,
    signal,
    pace: 100,
  });
  if (!reached.ok) throw new Error(reached.failure.message);
  ({ guest, ip } = reached.value);
});

afterEach(async () => {
  await mac[Symbol.asyncDispose]();
  await plane[Symbol.asyncDispose]();
  await github.close();
});

async function provisioned(runner: RevealedRunner, env: Record<string, string> = {}) {
  const bootstrap = bootstrapSchema.parse({
    vmName: "build-42",
    jobId: "job-42",
    publicUrl: plane.url,
    vmToken: TOKEN,
    env,
    runner,
  });
  return await provision(guest, bootstrap, { vmId: "0123456789abcdef", attempt: 1, ip, signal });
}

/** How the CI programs of the guest were started, as they wrote it down themselves. */
async function starts(): Promise<{ program: string; argv: string[]; env: Record<string, string> }[]> {
  const ran = await runRepeatable(guest, "cat ~/.runner-starts.jsonl", { timeoutSeconds: 10, signal });
  if (!ran.ok) throw new Error(ran.failure.message);
  return ran.value.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { program: string; argv: string[]; env: Record<string, string> });
}

describe("a GitHub runner in a simulated VM", () => {
  it("takes a just-in-time job, delivers its result, and only then lets the VM go", async () => {
    const env = { ODD: 'it\'s "two"\nlines\\ of $HOME `id` \t!' };
    const { encodedJitConfig } = github.createJitConfig({
      name: "build-42",
      labels: ["macos"],
      job: { name: "build", script: 'printf "%s" "$ODD"', flushSeconds: 0.3 },
    });
    let seen = "";
    plane.onRequest = async () => {
      seen += await allArguments();
    };
    expect(await provisioned({ kind: "github", jitConfig: encodedJitConfig }, env)).toMatchObject({
      ok: true,
    });
    const job = await github.settled("build");
    await plane.count(3);
    expect(job).toMatchObject({ result: "delivered", conclusion: "success" });
    expect(job.steps[0]?.output).toBe(env.ODD);
    expect(plane.heard.map(({ method, query }) => `${method} ${query["phase"] ?? ""}`)).toEqual([
      "POST ",
      "DELETE job_hook",
      "DELETE runner_exited",
    ]);
    const told = JSON.stringify([job.hookOutput, job.steps]) + seen;
    for (const secret of [TOKEN, encodedJitConfig]) expect(told).not.toContain(secret);
    expect(JSON.stringify((await starts()).map(({ argv }) => argv))).not.toContain(encodedJitConfig);
    expect(await readScriptResult(guest, { signal })).toMatchObject({ value: { exitCode: 0 } });
  });

  it("delivers its job's result though the control plane does not answer the hook", async () => {
    plane.answers.push(503, 503, 503, 503);
    const { encodedJitConfig } = github.createJitConfig({ name: "build-42", labels: ["macos"], job: {} });
    await provisioned({ kind: "github", jitConfig: encodedJitConfig });
    expect(await github.settled()).toMatchObject({ result: "delivered", conclusion: "success" });
    await plane.count(5);
    expect(plane.heard.at(-1)?.query).toMatchObject({ phase: "runner_exited", rc: "0" });
  });

  it("registers by token and takes a job of its labels", async () => {
    const url = `${github.url}/org`;
    const registrationToken = github.registrationToken();
    github.enqueueJob({ name: "build", labels: ["macos-15", "xcode"] });
    const runner: RevealedRunner = { kind: "github", url, registrationToken, labels: ["macos-15", "xcode"] };
    expect(await provisioned(runner)).toMatchObject({ ok: true });
    expect(await github.settled("build")).toMatchObject({
      result: "delivered",
      runnerName: "build-42-0123456789abcdef",
    });
    await plane.count(3);
    expect(JSON.stringify((await starts()).map(({ argv }) => argv))).not.toContain(registrationToken);
  });
});

describe("the runners of other CI systems in a simulated VM", () => {
  const runners: [RevealedRunner, string][] = [
    [
      { kind: "gitlab", url: "https://gitlab.example", token: SECRET, waitTimeoutSeconds: 60 },
      "gitlab-runner run-single",
    ],
    [{ kind: "buildkite", token: SECRET, queue: "mac" }, "buildkite-agent start"],
    [{ kind: "jenkins", url: "https://ci.example", secret: SECRET, name: "mac 1" }, "java -jar"],
    [
      { kind: "azure", url: "https://dev.azure.com/acme", token: SECRET, pool: "Macs", unregister: true },
      "Agent.Listener configure",
    ],
    [{ kind: "circleci", token: SECRET, idleTimeoutSeconds: 60 }, "circleci-runner machine"],
  ];

  it.each(runners)("do one job and end the VM ($kind)", async (runner, program) => {
    const placed = await runRepeatable(guest, "echo 'echo built' >~/.ci-job.sh", {
      timeoutSeconds: 10,
      signal,
    });
    expect(placed).toMatchObject({ ok: true });
    expect(await provisioned(runner)).toMatchObject({ ok: true });
    await plane.count(1);
    const started = await starts();
    expect(started[0]?.program).toContain(program);
    expect(JSON.stringify(started.map(({ argv }) => argv))).not.toContain(SECRET);
    expect(plane.heard[0]?.query).toMatchObject({ phase: "runner_exited", rc: "0" });
    expect(await readScriptResult(guest, { signal })).toMatchObject({
      value: { exitCode: 0, output: expect.stringContaining("built") as string },
    });
    const log = await readFile(join(mac.log(VM)), "utf8");
    expect(log).not.toContain(SECRET);
  });
});
