import { describe, expect, test } from "vitest";
import { availableEngines, engineKinds } from "../guest/available-engines.ts";
import { run, shell, startGuest, type TestGuest } from "../guest/guest-fixture.ts";
import { recordedStarts, said, writeScript } from "./runner-fixture.ts";

const engines = await availableEngines();

describe.each(engineKinds)("other CI programs in a %s guest", (kind) => {
  const engine = engines.get(kind);
  const programTest = (name: string, body: (started: TestGuest) => Promise<void>): void => {
    test.skipIf(engine === undefined)(name, async () => {
      if (engine === undefined) return;
      await using started = await startGuest(engine);
      await body(started);
    });
  };

  programTest("gitlab-runner does one build and records how it was started", async (started) => {
    await writeScript(started, ".ci-job.sh", "echo built; exit 3");
    const outcome = await shell(
      started.guest,
      "CI_SERVER_TOKEN=glrt-secret gitlab-runner run-single --url http://gitlab.test --executor shell --max-builds 1 --wait-timeout 60",
    );
    expect(outcome).toMatchObject({ exit: { kind: "exited", code: 0 } });
    expect(outcome.stdout).toContain("built\n");
    const [start] = await recordedStarts(started);
    expect(start?.argv.join(" ")).not.toContain("glrt-secret");
    expect(start?.env).toEqual({ CI_SERVER_TOKEN: "glrt-secret" });
  });

  programTest(
    "buildkite-agent acquires a job, tells its exit code when asked, runs agent-shutdown",
    async (started) => {
      await writeScript(started, ".ci-job.sh", "exit 3");
      await said(started, "mkdir ~/hooks");
      await writeScript(started, "hooks/agent-shutdown", "echo shut down");
      const start =
        "BUILDKITE_AGENT_TOKEN=bk-secret buildkite-agent start --acquire-job 0190-uuid --hooks-path ~/hooks";
      const plain = await shell(started.guest, start);
      expect(plain.exit).toEqual({ kind: "exited", code: 0 });
      expect(plain.stdout).toContain("shut down\n");
      const reflected = await shell(started.guest, `${start} --reflect-exit-status`);
      expect(reflected.exit).toEqual({ kind: "exited", code: 3 });
      expect(JSON.stringify((await recordedStarts(started)).map(({ argv }) => argv))).not.toContain(
        "bk-secret",
      );
    },
  );

  programTest("Jenkins' agent takes its secret from a file", async (started) => {
    const outcome = await shell(
      started.guest,
      `cd && umask 077 && echo jenkins-secret >secret &&
        java -jar agent.jar -url http://jenkins.test -secret @secret -name mac -webSocket -noReconnect`,
    );
    expect(outcome.exit).toEqual({ kind: "exited", code: 0 });
    expect((await recordedStarts(started))[0]?.argv).toContain("@secret");
  });

  programTest("they go on to the next job unless told not to", async (started) => {
    const stop = new AbortController();
    const forever = [
      "CI_SERVER_TOKEN=t gitlab-runner run-single --url http://g --executor shell",
      "BUILDKITE_AGENT_TOKEN=t buildkite-agent start",
      "java -jar ~/agent.jar -url http://j -secret s -name n",
    ].map(async (line) => run(started.guest, ["/bin/sh", "-c", line], { signal: stop.signal }));
    await expect
      .poll(async () => (await recordedStarts(started).catch(() => [])).length, { timeout: 15_000 })
      .toBe(3);
    stop.abort();
    for (const each of forever) expect((await each).exit).toEqual({ kind: "signaled" });
  });

  programTest("they refuse what they do not know, or what is missing", async (started) => {
    const refusals: [string, RegExp][] = [
      ["gitlab-runner run-single --url http://g --executor shell", /missing: --token/],
      ["gitlab-runner run-single --url http://g --token t --executor docker", /shell executor/],
      ["gitlab-runner run-single --max-build 1", /unknown option: --max-build/],
      ["gitlab-runner exec", /unknown command/],
      ["buildkite-agent start", /missing: --token/],
      ["buildkite-agent start --token t --acquire-jobs 1", /unknown option/],
      ["java -jar ~/agent.jar -url u -secret @/no/such/file -name n", /ENOENT/],
      ["java -jar ~/other.jar", /Unable to access jarfile/],
      ["java -jar ~/agent.jar -url u -name n --noReconnect", /unknown option: --noReconnect/],
    ];
    for (const [line, message] of refusals) {
      const outcome = await shell(started.guest, line);
      expect(outcome).toMatchObject({ exit: { kind: "exited", code: 1 } });
      expect(outcome.stderr).toMatch(message);
    }
  });
});
