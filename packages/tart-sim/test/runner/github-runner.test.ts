import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { startFakeGitHub, type FakeGitHub, type FakeJobView } from "../../src/github/server.ts";
import { availableEngines, engineKinds } from "../guest/available-engines.ts";
import {
  processesNaming,
  shell,
  startGuest,
  uniqueSeconds,
  until,
  type TestGuest,
} from "../guest/guest-fixture.ts";
import { recordedStarts, runJitRunner, said, writeRunnerEnv, writeScript } from "./runner-fixture.ts";

const engines = await availableEngines();
const labels = ["self-hosted", "macos-15"];
const what = (job: FakeJobView | undefined): string[] => job?.timeline.map((entry) => entry.what) ?? [];

describe.each(engineKinds)("GitHub's runner in a %s guest", (kind) => {
  const engine = engines.get(kind);
  const testWhere =
    (here: boolean) =>
    (
      name: string,
      body: (started: TestGuest, github: FakeGitHub) => Promise<void>,
      options: { lockSeconds?: number } = {},
    ): void => {
      test.skipIf(engine === undefined || !here)(name, async () => {
        if (engine === undefined) return;
        await using github = await startFakeGitHub(options);
        await using started = await startGuest(engine);
        await body(started, github);
      });
    };
  /** What touches processes, users or files is tried in every engine, the rest in one. */
  const everywhereTest = testWhere(true);
  const runnerTest = testWhere(kind === engineKinds[0]);

  everywhereTest("does one job in GitHub's order and ends with 0", async (started, github) => {
    const startedHook = await writeScript(
      started,
      "job-started.sh",
      'echo "started $GITHUB_JOB $GITHUB_RUN_ID"',
    );
    const completedHook = await writeScript(started, "completed.sh", "echo bye; exit 0");
    await writeRunnerEnv(started, [
      `ACTIONS_RUNNER_HOOK_JOB_STARTED=${startedHook}`,
      `ACTIONS_RUNNER_HOOK_JOB_COMPLETED=${completedHook}`,
      'GREETING="raw $HOME"',
    ]);
    const { encodedJitConfig } = github.createJitConfig({
      name: "mac-1",
      labels,
      job: { name: "build", script: 'echo "$GREETING"; env | grep -c INPUT_ || true', flushSeconds: 0.05 },
    });
    const outcome = await runJitRunner(started, encodedJitConfig);
    expect(outcome.exit).toEqual({ kind: "exited", code: 0 });
    const [job] = github.jobs();
    expect(what(job)).toEqual([
      "queued",
      "taken",
      "started hook: 0",
      "step: 0",
      "completed hook: 0",
      "orphans killed: 0",
      "flushed",
      "delivered",
    ]);
    expect(job).toMatchObject({ runnerName: "mac-1", result: "delivered", conclusion: "success" });
    expect(job?.hookOutput.started).toMatch(/^started build \d+\n$/);
    expect(job?.hookOutput.completed).toBe("bye\n");
    // `.env` is raw: quotes and dollars stay. And the job does not see the runner's inputs.
    expect(job?.steps[0]?.output).toBe('"raw $HOME"\n0\n');
    // Ephemeral: its registration is forgotten, here and there.
    expect(await said(started, "ls -A ~/actions-runner | grep -c '^.runner\\|^.cred' || true")).toBe("0\n");
    expect((await runJitRunner(started, encodedJitConfig)).stderr).toContain("401");
  });

  runnerTest("fails the job of a hook that is missing, relative or ends badly", async (started, github) => {
    const bad = await writeScript(started, "bad.sh", "false\necho not reached, by bash -e");
    const cases: [string, RegExp][] = [
      ["/no/such/hook.sh", /doesn't exist/],
      ["hook.sh", /absolute/],
      [bad.replace(/\.sh$/, ""), /\.sh/],
      [bad, /^$/],
    ];
    for (const [hook, output] of cases) {
      await writeRunnerEnv(started, [`ACTIONS_RUNNER_HOOK_JOB_COMPLETED=${hook}`]);
      const { encodedJitConfig } = github.createJitConfig({ name: "m", labels, job: { flushSeconds: 0 } });
      expect((await runJitRunner(started, encodedJitConfig)).exit).toEqual({ kind: "exited", code: 0 });
      const job = github.jobs().at(-1);
      expect(job).toMatchObject({ result: "delivered", conclusion: "failure" });
      expect(job?.steps[0]?.exitCode).toBe(0);
      expect(job?.hookOutput.completed).toMatch(output);
    }
    // A started hook that fails skips the steps.
    await writeRunnerEnv(started, [`ACTIONS_RUNNER_HOOK_JOB_STARTED=${bad}`]);
    const { encodedJitConfig } = github.createJitConfig({ name: "m", labels, job: { flushSeconds: 0 } });
    await runJitRunner(started, encodedJitConfig);
    expect(github.jobs().at(-1)).toMatchObject({ conclusion: "failure", steps: [] });
  });

  runnerTest("runs no completed hook when the job's set-up fails", async (started, github) => {
    const hook = await writeScript(started, "completed.sh", "touch ~/hook-ran");
    await writeRunnerEnv(started, [`ACTIONS_RUNNER_HOOK_JOB_COMPLETED=${hook}`]);
    const job = { setUpSucceeds: false, flushSeconds: 0 };
    const { encodedJitConfig } = github.createJitConfig({ name: "m", labels, job });
    await runJitRunner(started, encodedJitConfig);
    expect(github.jobs()[0]).toMatchObject({ result: "delivered", conclusion: "failure" });
    expect((await shell(started.guest, "test -e ~/hook-ran")).exit).toEqual({ kind: "exited", code: 1 });
  });

  runnerTest("reports a failed step and still ends with 0", async (started, github) => {
    const { encodedJitConfig } = github.createJitConfig({
      name: "m",
      labels,
      job: { exitCode: 3, flushSeconds: 0 },
    });
    expect((await runJitRunner(started, encodedJitConfig)).exit).toEqual({ kind: "exited", code: 0 });
    expect(github.jobs()[0]).toMatchObject({ conclusion: "failure", steps: [{ exitCode: 3 }] });
  });

  everywhereTest(
    "loses the job when the VM goes between the hook and the result",
    async (started, github) => {
      const hook = await writeScript(started, "completed.sh", "exit 0");
      await writeRunnerEnv(started, [`ACTIONS_RUNNER_HOOK_JOB_COMPLETED=${hook}`]);
      const { encodedJitConfig } = github.createJitConfig({ name: "m", labels, job: { flushSeconds: 30 } });
      const running = runJitRunner(started, encodedJitConfig);
      await until(() => what(github.jobs()[0]).includes("completed hook: 0"), "the hook has run");
      await started.guest.powerOff();
      await running;
      expect(await github.settled()).toMatchObject({ result: "lost", conclusion: "failure" });
    },
    { lockSeconds: 0.5 },
  );

  runnerTest(
    "keeps the job for as long as it lives, by renewing its lock",
    async (started, github) => {
      const job = { seconds: 0.6, flushSeconds: 0.6 };
      const { encodedJitConfig } = github.createJitConfig({ name: "m", labels, job });
      await runJitRunner(started, encodedJitConfig);
      expect(github.jobs()[0]).toMatchObject({ result: "delivered", conclusion: "success" });
    },
    { lockSeconds: 0.5 },
  );

  everywhereTest(
    "kills what the job left behind, unless it has cleared its tracking id",
    async (started, github) => {
      const [orphan, survivor] = [uniqueSeconds(), uniqueSeconds()];
      // Until it has become sleep, a process still has the environment of the shell that forked it.
      const begun = (seconds: string) =>
        `until tr '\\0' ' ' </proc/$!/cmdline | grep -q '^sleep ${seconds}'; do sleep 0.02; done`;
      const script = `setsid nohup sleep ${orphan} >/dev/null 2>&1 &
      ${begun(orphan)}
      RUNNER_TRACKING_ID="" nohup sleep ${survivor} >/dev/null 2>&1 &
      ${begun(survivor)}`;
      const { encodedJitConfig } = github.createJitConfig({
        name: "m",
        labels,
        job: { script, flushSeconds: 0 },
      });
      await runJitRunner(started, encodedJitConfig);
      expect(what(github.jobs()[0])).toContain("orphans killed: 1");
      expect(processesNaming(`sleep\0${orphan}`)).toEqual([]);
      expect(processesNaming(`sleep\0${survivor}`)).toHaveLength(1);
    },
  );

  runnerTest("registers by config.sh too, with nothing secret in argv", async (started, github) => {
    github.enqueueJob({ name: "by-label", labels: ["xcode-16"], flushSeconds: 0 });
    const token = github.registrationToken();
    const outcome = await said(
      started,
      `cd ~/actions-runner && export ACTIONS_RUNNER_INPUT_TOKEN=${token} &&
        ./config.sh --unattended --ephemeral --disableupdate --url ${github.url}/acme --name mac-7 --labels xcode-16,big &&
        unset ACTIONS_RUNNER_INPUT_TOKEN && ./run.sh; echo "rc $?"`,
    );
    expect(outcome).toMatch(/rc 0\n$/);
    expect(github.jobs()[0]).toMatchObject({ name: "by-label", runnerName: "mac-7", result: "delivered" });
    const starts = await recordedStarts(started);
    expect(starts.map((start) => start.program)).toEqual([
      "Runner.Listener configure",
      "Runner.Listener run",
    ]);
    expect(JSON.stringify(starts.map((start) => start.argv))).not.toContain(token);
    expect(starts[0]?.env["ACTIONS_RUNNER_INPUT_TOKEN"]).toBe(token);
  });

  runnerTest("shows a secret that was given in argv", async (started, github) => {
    const { encodedJitConfig } = github.createJitConfig({ name: "m", labels, job: { flushSeconds: 0 } });
    await said(started, `~/actions-runner/run.sh --jitconfig ${encodedJitConfig}`);
    expect(github.jobs()[0]?.result).toBe("delivered");
    expect((await recordedStarts(started))[0]?.argv).toEqual(["--jitconfig", encodedJitConfig]);
  });

  everywhereTest("refuses what the real one refuses", async (started, github) => {
    const { encodedJitConfig } = github.createJitConfig({ name: "m", labels });
    const refusals: [string, RegExp][] = [
      ["./run.sh", /Not configured/],
      ["sudo ./run.sh", /Must not run interactively with sudo/],
      [`./run.sh --jit-config ${encodedJitConfig}`, /unknown option: --jit-config/],
      ["./config.sh --unattended --url http://127.0.0.1:1", /Invalid configuration/],
      ["./config.sh --unattended --ephemeral --url http://127.0.0.1:1 --token x --nmae y", /unknown option/],
      [`./config.sh --unattended --url ${github.url} --token wrong --name y`, /404/],
    ];
    for (const [line, message] of refusals) {
      const outcome = await shell(started.guest, `cd ~/actions-runner && ${line}`);
      expect(outcome.stdout + outcome.stderr).toMatch(message);
    }
  });

  runnerTest("waits while there is no job for it", async (started, github) => {
    const { encodedJitConfig } = github.createJitConfig({ name: "idle", labels });
    const running = runJitRunner(started, encodedJitConfig);
    let ended = false;
    void running.then(() => (ended = true));
    await delay(300);
    expect(ended).toBe(false);
    github.enqueueJob({ labels: ["macos-15"], flushSeconds: 0 });
    expect((await running).exit).toEqual({ kind: "exited", code: 0 });
    expect(github.jobs()[0]).toMatchObject({ runnerName: "idle", result: "delivered" });
  });
});
