import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { startGitlabJob, type GitlabJob } from "../../src/gitlab/index.ts";

const folder = mkdtempSync(join(tmpdir(), "gitlab-sim-"));
afterAll(() => rmSync(folder, { recursive: true }));

const CONFIG = JSON.stringify({ builds_dir: `${folder}/builds`, cache_dir: `${folder}/cache` });

/** An executor of a line of shell for each call. */
function run(
  lines: Partial<Record<"config" | "prepare" | "run" | "cleanup", string>>,
  job: Partial<GitlabJob> = {},
) {
  const { config = `echo '${CONFIG}'`, prepare = "true", run: runs = 'bash "$1"', cleanup = "true" } = lines;
  const call = (line: string) => ["-c", line, "sh"];
  const args = { config: call(config), prepare: call(prepare), run: call(runs), cleanup: call(cleanup) };
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder };
  const options = { file: "/bin/sh", args, env, retryMs: 1, gracefulKillMs: 100 };
  return startGitlabJob(options, { id: 1, script: ["echo hello"], ...job });
}

test("the executor's exit codes are the only ones that it knows", async () => {
  expect(await run({}).done).toMatchObject({ status: "success" });
  const failed = await run(
    { run: 'bash "$1" || { echo $? >"$BUILD_EXIT_CODE_FILE"; exit $BUILD_FAILURE_EXIT_CODE; }' },
    { script: ["exit 7"] },
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
  const config = `echo '${JSON.stringify({ ...JSON.parse(CONFIG), job_env: { MINE: "1", CUSTOM_ENV_CI: "no" } })}'`;
  const { trace } = await run({ config, prepare: 'echo "$MINE $CUSTOM_ENV_CI $CUSTOM_ENV_CI_JOB_ID"' }).done;
  expect(trace).toContain("1 true 1");
});

test("a cancelled job's executable is terminated with all that it started, and killed when it will not end", async () => {
  const job = run({ run: `[ "$2" = build_script ] || exit 0; trap '' TERM; echo stubborn; sleep 300` });
  await job.shown("stubborn");
  job.cancel();
  expect(await job.done).toMatchObject({ status: "canceled" });
});

test("without folders for builds and the cache there is no job, and no second try", async () => {
  const { calls, ...result } = await run({ config: "true" }).done;
  expect(result).toMatchObject({ status: "failed", reason: "configuration_error" });
  expect(calls).toEqual(["config", "cleanup"]);
});

test("run gets a file named script and its stage's name; the job's words come in an environment of its own", async () => {
  const job = {
    script: ['echo "$GREETING" in "$CI_PROJECT_DIR"', "cat", "false | true", "echo never"],
    afterScript: ['echo "it $CI_JOB_STATUS"', "exit 9"],
    artifacts: true,
    variables: { GREETING: 'it\'s\t$HOME "ü" \\ \u0001 !' },
  };
  const { calls, trace, ...result } = await run(
    { run: 'echo "${1##*/} $2"; bash "$1" || exit $BUILD_FAILURE_EXIT_CODE' },
    job,
  ).done;
  expect(result).toMatchObject({ status: "failed", reason: "script_failure", exitCode: 1 });
  expect(calls.slice(2, -1)).toEqual([
    "prepare_script",
    "get_sources",
    "build_script",
    "after_script",
    "upload_artifacts_on_failure",
    "cleanup_file_variables",
  ]);
  expect(trace).toContain(`script build_script\n${job.variables.GREETING} in ${folder}/builds/org/app\n`);
  expect(trace).toContain("script after_script\nit failed\n");
  expect(trace).not.toContain("never");
});

test("a job that is cancelled in its script still runs what comes after; one that is out of time does not", async () => {
  const job = { script: ["echo begun", "sleep 300"], afterScript: ['echo "it was $CI_JOB_STATUS"'] };
  const cancelled = run({}, job);
  await cancelled.shown("begun");
  cancelled.cancel();
  const after = await cancelled.done;
  expect(after.status).toBe("canceled");
  expect(after.trace).toContain("it was canceled");
  expect(after.calls.slice(-3)).toEqual(["after_script", "cleanup_file_variables", "cleanup"]);
  const late = await run({}, { ...job, timeoutSeconds: 0.5 }).done;
  expect(late).toMatchObject({ status: "failed", reason: "job_execution_timeout" });
  expect(late.calls.slice(-2)).toEqual(["build_script", "cleanup"]);
});
