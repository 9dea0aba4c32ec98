import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { connect } from "@tartfleet/client/node";
import { afterAll, expect, test } from "vitest";
import { callStage } from "../src/call.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "gitlab-executor-"));
afterAll(() => rmSync(folder, { recursive: true }));

const JOB = {
  id: 4711,
  token: "glcbt-secret",
  git_info: { repo_url: "https://gitlab-ci-token:glcbt-secret@gitlab.example.com/org/app.git" },
  runner_info: { timeout: 3600 },
};

const ENV = {
  BUILD_FAILURE_EXIT_CODE: "41",
  SYSTEM_FAILURE_EXIT_CODE: "42",
  TARTFLEET_URL: "http://127.0.0.1:9",
  TARTFLEET_TOKEN: "a-token",
  TARTFLEET_IMAGES: "ghcr.io/org/*",
};

function environment(env: Record<string, string>, job: unknown) {
  const response = join(folder, "response.json");
  writeFileSync(response, JSON.stringify(job));
  return { ...ENV, JOB_RESPONSE_FILE: response, ...env };
}

/** A call as gitlab-runner makes it, with nothing else in its environment. */
async function call(args: readonly string[], env: Record<string, string> = {}, job: unknown = JOB) {
  const stdout = new PassThrough();
  const stderr: string[] = [];
  const exitCode = await callStage(args, {
    env: environment(env, job),
    stdout,
    say: (line) => void stderr.push(line),
    signal: new AbortController().signal,
    clock: { now: Date.now, pause: () => Promise.resolve() },
    connect,
  });
  return { exitCode, stdout: await text(stdout.end()), stderr: stderr.join("\n") };
}

test("it is an executable: what it says for gitlab-runner is stdout, what people read is stderr", async () => {
  const child = spawn(process.execPath, [MAIN, "prepare"], {
    env: environment({}, { ...JOB, image: { name: "docker.io/ruby" } }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => void child.once("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect([await ended, stdout]).toEqual([41, ""]);
  expect(stderr).toContain("The job's image: docker.io/ruby is not one that this runner may use.");
});

test("config says what gitlab-runner reads, and hands its flags on, but never the token", async () => {
  const flags = ["--images", "ghcr.io/org/*,channel:*", "--cpu=4", "--insecure"];
  const { exitCode, stdout, stderr } = await call(["config", ...flags], {});
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout)).toEqual({
    driver: { name: "tartfleet", version: "v0.1.0" },
    hostname: "gitlab-job-4711",
    builds_dir: "/Users/admin/builds",
    cache_dir: "/Users/admin/cache",
    builds_dir_is_shared: false,
    shell: "bash",
    job_env: { TARTFLEET_IMAGES: "ghcr.io/org/*,channel:*", TARTFLEET_CPU: "4", TARTFLEET_INSECURE: "1" },
  });
});

test("every mistake of the set-up is said at once, as the runner's failure", async () => {
  const { exitCode, stderr } = await call(["prepare", "--cpu", "x", "--host-labels", "a"], {
    TARTFLEET_URL: "",
    TARTFLEET_IMAGES: "",
  });
  expect(exitCode).toBe(42);
  for (const word of ["--url", "--cpu", "--host-labels"]) expect(stderr).toContain(word);
  const without = await call(["prepare"], { TARTFLEET_TOKEN: "", TARTFLEET_IMAGES: "" });
  expect(without.stderr).toContain("--token-file or TARTFLEET_TOKEN");
  expect(without.stderr).toContain("--images or --default-image");
});

test("a job is who GitLab says, whatever its variables say; what cannot be read is not shown", async () => {
  const { stdout } = await call(["config"], { CUSTOM_ENV_CI_JOB_ID: "1" });
  expect(JSON.parse(stdout)).toMatchObject({ hostname: "gitlab-job-4711" });
  const strange = await call(["config"], {}, { token: "glcbt-secret" });
  expect(strange.exitCode).toBe(42);
  expect(strange.stderr).toContain("is not a job as GitLab sends it");
  expect(strange.stderr).not.toContain("glcbt-secret");
});

test("the job's own mistake is its failure, and nobody to ask is the runner's", async () => {
  const image = (name: string) => ({ ...JOB, image: { name, executor_opts: {} } });
  const allowed = { CUSTOM_ENV_CI_JOB_IMAGE: "ghcr.io/org/macos:15" };
  const wrong = await call(["prepare"], allowed, image("docker.io/ruby"));
  expect(wrong.exitCode).toBe(41);
  expect(wrong.stderr).toContain("This runner has ghcr.io/org/*.");
  const none = await call(["prepare"], {}, image(""));
  expect(none.exitCode).toBe(41);
  expect(none.stderr).toContain("The job names no image: and there is no default");
  const away = await call(["prepare", "--patience-seconds", "0"], {}, image("ghcr.io/org/macos:15"));
  expect(away.exitCode).toBe(42);
  expect(away.stderr).toContain("unreachable");
});
