import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { callExecutable, type CallResult } from "./command.ts";
import { gathered, type Gathered } from "./gathered.ts";
import { jobResponse, jobVariables, type GitlabJob } from "./job.ts";
import type { JobResult, RunnerOptions } from "./runner.ts";
import { bashScript } from "./script.ts";

/** common.PreparationRetries, PreparationRetryInterval. */
const TRIES = 3;
const RETRY_MS = 3000;
const GRACEFUL_KILL_MS = 600_000;
/** common.AfterScriptTimeout. */
const AFTER_SCRIPT_MS = 300_000;
/** Of config, prepare and cleanup each, where config.toml says no other (executors/custom/consts.go). */
const EXEC_TIMEOUT_MS = 3_600_000;

/** api.ConfigExecOutput; keys that are not known are left out, as Go does. */
const configSchema = z.object({
  hostname: z.string().optional(),
  builds_dir: z.string().optional(),
  cache_dir: z.string().optional(),
  builds_dir_is_shared: z.boolean().optional(),
  driver: z.object({ name: z.string().optional(), version: z.string().optional() }).optional(),
  job_env: z.record(z.string(), z.string()).optional(),
  shell: z.string().optional(),
});

/** Why a build's context is over. */
type Over = "canceled" | "timed_out";

/** common.Build, of one job. */
export class Build {
  readonly calls: string[] = [];
  readonly #options: RunnerOptions;
  readonly #job: GitlabJob;
  readonly #trace: Gathered;
  readonly #runnerLog = gathered();
  /** The build's context. */
  readonly #over = new AbortController();
  /** The script's own, which alone a cancellation ends while it is the script that runs. */
  readonly #script = new AbortController();
  #isInScript = false;
  #jobEnv: Record<string, string> = {};
  #builds = "";
  #tempDir = "";
  #cleanupMs = 0;

  constructor(options: RunnerOptions, job: GitlabJob, trace: Gathered) {
    this.#options = options;
    this.#job = job;
    this.#trace = trace;
  }

  cancel(): void {
    (this.#isInScript ? this.#script : this.#over).abort("canceled" satisfies Over);
  }

  async run(): Promise<JobResult> {
    const { timeoutSeconds = 3600 } = this.#job;
    const timeout = setTimeout(() => this.#over.abort("timed_out" satisfies Over), timeoutSeconds * 1000);
    let result = await this.#prepare();
    // Of a job that could not be prepared, the last try has been cleaned up already.
    if (result.kind === "ok") {
      result = await this.#stages();
      await this.#cleanup();
    }
    clearTimeout(timeout);
    return { ...this.#told(result), ...this.#facts() };
  }

  /** Build.retryCreateExecutor: an executor of its own for each try, with a folder of its own. */
  async #prepare(): Promise<CallResult> {
    const { retryMs = RETRY_MS, cleansUpBetween = true } = this.#options;
    const { signal } = this.#over;
    let result: CallResult = { kind: "ok" };
    for (let tries = 1; tries <= TRIES; tries++) {
      result = await this.#prepareOnce();
      if (result.kind === "ok") return result;
      const isLast = tries === TRIES || signal.aborted || result.kind === "build_failure";
      if (cleansUpBetween || isLast) await this.#cleanup();
      if (isLast) return result;
      this.#say(`ERROR: Preparation failed: ${result.message}\nWill be retried in ${retryMs}ms ...`);
      await pause(retryMs, signal);
      if (signal.aborted) return result;
    }
    return result;
  }

  /** executor.Prepare. */
  async #prepareOnce(): Promise<CallResult> {
    rmSync(this.#tempDir, { recursive: true, force: true });
    this.#tempDir = mkdtempSync(join(tmpdir(), "custom-executor"));
    writeFileSync(this.#path("response.json"), JSON.stringify(jobResponse(this.#job)), { mode: 0o600 });
    this.#jobEnv = {};
    this.#builds = "";
    const config = await this.#config();
    if (config.kind !== "ok") return config;
    const { prepareTimeoutMs = EXEC_TIMEOUT_MS } = this.#options;
    return within(prepareTimeoutMs, this.#over.signal, (signal) => this.#call("prepare", [], signal));
  }

  async #config(): Promise<CallResult> {
    const output = gathered();
    const result = await this.#call("config", [], this.#over.signal, output.stream);
    if (result.kind !== "ok") return result;
    let config: z.output<typeof configSchema> = {};
    try {
      if (output.text() !== "") config = configSchema.parse(JSON.parse(output.text()));
    } catch (error) {
      return { kind: "system_failure", message: `error while parsing JSON output: ${String(error)}` };
    }
    const { job_env = {}, driver, builds_dir = "", cache_dir = "" } = config;
    this.#jobEnv = job_env;
    const { name, version } = driver ?? {};
    const by = name === undefined ? "" : ` with driver ${name}${version === undefined ? "" : ` ${version}`}`;
    this.#say(`Using Custom executor${by}...`);
    // Build.StartBuild; config.toml has neither here.
    for (const [key, folder] of Object.entries({ builds_dir, cache_dir })) {
      if (folder !== "") continue;
      const message = `the ${key} is not configured`;
      return { kind: "build_failure", message, exitCode: 0, reason: "configuration_error" };
    }
    this.#builds = builds_dir;
    return result;
  }

  /** Build.executeScript: the first failure is what counts, and some stages run all the same. */
  async #stages(): Promise<CallResult> {
    const { signal } = this.#over;
    const prepared = await this.#stage("prepare_script", ['echo "Running on $(hostname)..."'], signal);
    if (prepared.kind !== "ok") return prepared;
    // The real one clones; whoever is in the guest has no GitLab.
    let result = await this.#stage("get_sources", ['mkdir -p "$CI_PROJECT_DIR"'], signal);
    if (result.kind === "ok") result = await this.#userScripts();
    if (this.#job.artifacts) {
      const stage = `upload_artifacts_on_${result.kind === "ok" ? "success" : "failure"}`;
      const uploaded = await this.#stage(stage, ["echo Uploading artifacts..."], signal);
      if (result.kind === "ok") result = uploaded;
    }
    await this.#stage("cleanup_file_variables", ['rm -rf "$CI_PROJECT_DIR.tmp"'], signal);
    return result;
  }

  /** Build.executeUserScripts. */
  async #userScripts(): Promise<CallResult> {
    const { script, afterScript = [] } = this.#job;
    const over = this.#over.signal;
    const cd = 'cd "$CI_PROJECT_DIR"';
    this.#isInScript = true;
    // What is step_script everywhere else goes by its old name here (executor.Run).
    const result = await this.#stage(
      "build_script",
      [cd, ...script],
      AbortSignal.any([over, this.#script.signal]),
    );
    if (afterScript.length > 0) {
      const status = this.#script.signal.aborted ? "canceled" : result.kind === "ok" ? "success" : "failed";
      // Its failure is a warning.
      await within(AFTER_SCRIPT_MS, over, (signal) =>
        this.#stage("after_script", [cd, ...afterScript], signal, status),
      );
    }
    return result;
  }

  /** Build.executeStage: a context that is over runs nothing. */
  async #stage(
    name: string,
    lines: readonly string[],
    signal: AbortSignal,
    status?: string,
  ): Promise<CallResult> {
    if (signal.aborted) return { kind: "system_failure", message: "context canceled" };
    const path = join(mkdtempSync(this.#path("script")), "script");
    const variables = this.#variables(status);
    writeFileSync(path, bashScript(variables, lines), { mode: 0o700 });
    return this.#call("run", [path, name], signal, this.#trace.stream, this.#trace.stream, variables);
  }

  async #cleanup(): Promise<void> {
    const begun = performance.now();
    const log = this.#runnerLog.stream;
    const result = await within(EXEC_TIMEOUT_MS, undefined, (signal) =>
      this.#call("cleanup", [], signal, log, log),
    );
    this.#cleanupMs = performance.now() - begun;
    if (result.kind !== "ok") log.write(`Cleanup script failed: ${result.message}\n`);
    rmSync(this.#tempDir, { recursive: true, force: true });
  }

  async #call(
    name: keyof RunnerOptions["args"],
    more: readonly string[],
    signal: AbortSignal,
    stdout = this.#trace.stream,
    stderr = this.#trace.stream,
    variables = this.#variables(),
  ): Promise<CallResult> {
    const { file, args, env, gracefulKillMs = GRACEFUL_KILL_MS, execute } = this.#options;
    this.calls.push(name === "run" ? (more[1] ?? "") : name);
    return callExecutable({
      file,
      args: [...args[name], ...more],
      env,
      jobEnv: this.#jobEnv,
      variables,
      tempDir: this.#tempDir,
      jobResponseFile: this.#path("response.json"),
      buildExitCodeFile: this.#path("build_exit_code"),
      stdout,
      stderr,
      signal,
      gracefulKillMs,
      execute,
    });
  }

  #variables(status?: string): Record<string, string> {
    return jobVariables(this.#job, { builds: this.#builds }, status);
  }

  #path(name: string): string {
    return join(this.#tempDir, name);
  }

  #say(line: string): void {
    this.#trace.stream.write(`${line}\n`);
  }

  /** Build.setTraceStatus. */
  #told(result: CallResult): Pick<JobResult, "status" | "reason" | "exitCode"> {
    if (this.#over.signal.reason === "timed_out") {
      const { timeoutSeconds = 3600 } = this.#job;
      this.#say(`ERROR: Job failed: execution took longer than ${timeoutSeconds}s seconds`);
      return { status: "failed", reason: "job_execution_timeout" };
    }
    if (this.#over.signal.aborted || this.#script.signal.aborted) return { status: "canceled" };
    if (result.kind === "ok") {
      this.#say("Job succeeded");
      return { status: "success" };
    }
    if (result.kind === "build_failure") {
      this.#say(`ERROR: Job failed: ${result.message}`);
      return { status: "failed", reason: result.reason, exitCode: result.exitCode };
    }
    this.#say(`ERROR: Job failed (system failure): ${result.message}`);
    return { status: "failed", reason: "runner_system_failure" };
  }

  #facts() {
    return {
      calls: this.calls,
      trace: this.#trace.text(),
      runnerLog: this.#runnerLog.text(),
      cleanupMs: this.#cleanupMs,
    };
  }
}

/** As Go's context.WithTimeout. */
async function within<T>(
  milliseconds: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const bound = new AbortController();
  const timer = setTimeout(() => bound.abort(), milliseconds);
  try {
    return await work(parent ? AbortSignal.any([parent, bound.signal]) : bound.signal);
  } finally {
    clearTimeout(timer);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
