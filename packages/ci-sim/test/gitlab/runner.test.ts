import { expect, test } from "vitest";
import { startGitlabJob } from "../../src/gitlab/index.ts";

/** An executor of a line of shell for each call. */
function run(
  lines: Partial<Record<"config" | "prepare" | "run" | "cleanup", string>>,
  script = ["echo hello"],
) {
  const { config = "echo '{}'", prepare = "true", run: runs = 'bash "$1"', cleanup = "true" } = lines;
  const call = (line: string) => ["-c", line, "sh"];
  const args = { config: call(config), prepare: call(prepare), run: call(runs), cleanup: call(cleanup) };
  const env = { PATH: process.env["PATH"] ?? "", HOME: "/tmp" };
  return startGitlabJob({ file: "/bin/sh", args, env, retryMs: 1, gracefulKillMs: 100 }, { id: 1, script });
}

test("the executor's exit codes are the only ones that it knows", async () => {
  expect(await run({}).done).toMatchObject({ status: "success" });
  const failed = await run(
    { run: 'bash "$1" || { echo $? >"$BUILD_EXIT_CODE_FILE"; exit $BUILD_FAILURE_EXIT_CODE; }' },
    ["exit 7"],
  ).done;
  expect(failed).toMatchObject({ status: "failed", reason: "script_failure", exitCode: 7 });
  expect(await run({ run: "exit $SYSTEM_FAILURE_EXIT_CODE" }).done).toMatchObject({
    reason: "runner_system_failure",
  });
  const unknown = await run({ run: "exit 9" }).done;
  expect(unknown).toMatchObject({ reason: "runner_system_failure" });
  expect(unknown.trace).toContain("unknown Custom executor executable exit code 9");
});

test("prepare is tried three times, with a clean-up after each, unless the job is at fault", async () => {
  const ours = await run({ prepare: "exit $SYSTEM_FAILURE_EXIT_CODE" }).done;
  expect(ours.calls).toEqual([
    "config",
    "prepare",
    "cleanup",
    "config",
    "prepare",
    "cleanup",
    "config",
    "prepare",
    "cleanup",
  ]);
  const theirs = await run({ prepare: "exit $BUILD_FAILURE_EXIT_CODE" }).done;
  expect(theirs.calls).toEqual(["config", "prepare", "cleanup"]);
});

test("what config says must be JSON, and its job_env reaches the other calls under the job's variables", async () => {
  expect((await run({ config: "echo hello" }).done).trace).toContain("error while parsing JSON output");
  const config = `echo '{"job_env": {"MINE": "1", "CUSTOM_ENV_CI": "no"}}'`;
  const { trace } = await run({ config, prepare: 'echo "$MINE $CUSTOM_ENV_CI $CUSTOM_ENV_CI_JOB_ID"' }).done;
  expect(trace).toContain("1 true 1");
});

test("a cancelled job's executable is terminated with all that it started, and killed when it will not end", async () => {
  const job = run({ run: `[ "$2" = build_script ] || exit 0; trap '' TERM; echo stubborn; sleep 300` });
  await job.shown("stubborn");
  job.cancel();
  expect(await job.done).toMatchObject({ status: "canceled" });
});
