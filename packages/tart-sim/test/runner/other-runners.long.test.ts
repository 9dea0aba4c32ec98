import { describe, expect, test } from "vitest";
import { availableEngines, engineKinds } from "../guest/available-engines.ts";
import { run, shell, startGuest, type TestGuest } from "../guest/guest-fixture.ts";
import { recordedStarts, said, writeScript } from "./runner-fixture.ts";

const azure =
  "VSTS_AGENT_INPUT_TOKEN=t ~/azure-pipelines-agent/config.sh --unattended --url u --auth pat --pool p --agent a --replace";
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

  programTest("Azure's agent is configured, runs once, and leaves", async (started) => {
    await writeScript(started, ".ci-job.sh", "echo built; exit 3");
    const outcome = await shell(
      started.guest,
      `cd ~/azure-pipelines-agent && ${azure} && ./run.sh --once && ! ${azure} &&
        VSTS_AGENT_INPUT_TOKEN=t ./config.sh remove --unattended --auth pat && ! ./run.sh --once`,
    );
    expect(outcome).toMatchObject({ exit: { kind: "exited", code: 0 } });
    expect(outcome.stdout).toContain("built\n");
    expect(outcome.stderr).toMatch(/already configured[^]*Must configure/);
  });

  programTest(
    "CircleCI's machine runner reads its settings from a file, and variables first",
    async (started) => {
      const outcome = await shell(
        started.guest,
        `cd && echo '{"runner":{"name":"n","mode":"single-task","idle_timeout":"10m"}}' >c.yaml &&
        CIRCLECI_RUNNER_API_AUTH_TOKEN=t circleci-runner machine -c c.yaml`,
      );
      expect(outcome.exit).toEqual({ kind: "exited", code: 0 });
    },
  );

  programTest("they go on to the next job unless told not to", async (started) => {
    const stop = new AbortController();
    const forever = [
      "CI_SERVER_TOKEN=t gitlab-runner run-single --url http://g --executor shell",
      "BUILDKITE_AGENT_TOKEN=t buildkite-agent start",
      "java -jar ~/agent.jar -url http://j -secret s -name n",
      `${azure} && ~/azure-pipelines-agent/run.sh`,
      "CIRCLECI_RUNNER_API_AUTH_TOKEN=t CIRCLECI_RUNNER_NAME=n circleci-runner machine",
    ].map(async (line) => run(started.guest, ["/bin/sh", "-c", line], { signal: stop.signal }));
    await expect
      .poll(async () => (await recordedStarts(started).catch(() => [])).length, { timeout: 15_000 })
      .toBe(6);
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
      ["java -jar ~/agent.jar -url u -secret s -name n -noReconnect -noReconnectAfter 9s", /used together/],
      ["java -jar ~/agent.jar -url u -secret s -name n -noReconnectAfter 9", /not a valid simple duration/],
      ["~/azure-pipelines-agent/config.sh --unattended --auth pat", /configuration provided for url/],
      ["~/azure-pipelines-agent/config.sh --agentname n", /unknown option: --agentname/],
      ["~/azure-pipelines-agent/config.sh --auth pat", /nobody is there/],
      ["~/azure-pipelines-agent/run.sh --once", /Must configure/],
      ["circleci-runner machine", /missing: api.auth_token/],
      ["CIRCLECI_RUNNER_API_AUTH_TOKEN=t CIRCLECI_RUNNER_NAME='a b' circleci-runner machine", /runner.name/],
      [
        'echo \'{"runner":{"mod":1}}\' >c.yaml; circleci-runner machine -c c.yaml',
        /unknown settings: runner.mod/,
      ],
    ];
    for (const [line, message] of refusals) {
      const outcome = await shell(started.guest, line);
      expect(outcome).toMatchObject({ exit: { kind: "exited", code: 1 } });
      expect(outcome.stderr).toMatch(message);
    }
  });
});
