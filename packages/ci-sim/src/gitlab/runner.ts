import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { callExecutable, type CallResult } from "./command.ts";
import { jobResponse, jobVariables, type GitlabJob } from "./job.ts";
import { bashScript } from "./script.ts";

export interface RunnerOptions {
  /** The executable, and the arguments of config.toml for each of its calls. */
  file: string;
  args: Record<"config" | "prepare" | "run" | "cleanup", readonly string[]>;
  /** Of gitlab-runner's own process. */
  env: Readonly<Record<string, string>>;
  /** Between tries of prepare; gitlab-runner waits 3 s. */
  retryMs?: number;
  /** gitlab-runner cleans up after each failed try; macstadium/orka-integrations#59 tells of ones that did not. */
  cleansUpBetween?: boolean;
  /** graceful_kill_timeout; GitLab's is 10 minutes. */
  gracefulKillMs?: number;
}

export interface JobResult {
  status: "success" | "failed" | "canceled";
  /** GitLab's failure_reason. */
  reason?: "script_failure" | "runner_system_failure";
  exitCode?: number;
  /** What was called, in order: config, prepare, the stages of run, cleanup. */
  calls: string[];
  /** What people see of the job. */
  trace: string;
  /** The runner's own log. */
  runnerLog: string;
  cleanupMs: number;
}

/** common.PreparationRetries. */
const TRIES = 3;

/** api.ConfigExecOutput; keys that are not known are left out, as Go does. */
const configSchema = z.object({
  hostname: z.string().optional(),
  builds_dir: z.string().min(1).optional(),
  cache_dir: z.string().min(1).optional(),
  builds_dir_is_shared: z.boolean().optional(),
  driver: z.object({ name: z.string().optional(), version: z.string().optional() }).optional(),
  job_env: z.record(z.string(), z.string()).optional(),
  shell: z.string().optional(),
});

export interface RunningJob {
  done: Promise<JobResult>;
  /** As somebody does in GitLab's page. */
  cancel(): void;
  /** The trace as it is now. */
  trace(): string;
  /** Resolves when the trace holds that. */
  shown(text: string): Promise<void>;
}

/** Runs a job as gitlab-runner does with a custom executor (common/build.go, executors/custom/custom.go). */
export function startGitlabJob(options: RunnerOptions, job: GitlabJob): RunningJob {
  const trace = gathered();
  const cancelled = new AbortController();
  return {
    done: new Build(options, job, trace, cancelled.signal).run(),
    cancel: () => cancelled.abort(),
    trace: trace.text,
    shown: trace.shown,
  };
}

class Build {
  readonly #options: RunnerOptions;
  readonly #job: GitlabJob;
  readonly #trace: Gathered;
  readonly #cancelled: AbortSignal;
  readonly #runnerLog = gathered();
  readonly #calls: string[] = [];
  #jobEnv: Record<string, string> = {};
  #tempDir = "";
  #cleanupMs = 0;

  constructor(options: RunnerOptions, job: GitlabJob, trace: Gathered, cancelled: AbortSignal) {
    this.#options = options;
    this.#job = job;
    this.#trace = trace;
    this.#cancelled = cancelled;
  }

  async run(): Promise<JobResult> {
    let result = await this.#prepare();
    // Of a job that could not be prepared, the last try has been cleaned up already.
    if (result.kind === "ok") {
      result = await this.#stages();
      await this.#cleanup();
    }
    rmSync(this.#tempDir, { recursive: true, force: true });
    return { ...this.#told(result), ...this.#facts() };
  }

  /** Build.retryCreateExecutor. */
  async #prepare(): Promise<CallResult> {
    const { retryMs = 3000, cleansUpBetween = true } = this.#options;
    let result: CallResult = { kind: "ok" };
    for (let tries = 1; tries <= TRIES; tries++) {
      if (tries > 1) rmSync(this.#tempDir, { recursive: true, force: true });
      this.#tempDir = mkdtempSync(join(tmpdir(), "custom-executor"));
      writeFileSync(this.#path("response.json"), JSON.stringify(jobResponse(this.#job)), { mode: 0o600 });
      this.#jobEnv = {};
      result = await this.#config();
      if (result.kind === "ok") result = await this.#call("prepare", [], this.#cancelled);
      if (result.kind === "ok") return result;
      const isLast = tries === TRIES || this.#cancelled.aborted;
      if (cleansUpBetween || isLast || result.kind === "build_failure") await this.#cleanup();
      if (isLast || result.kind === "build_failure") return result;
      this.#trace.stream.write(
        `ERROR: Preparation failed: ${result.message}\nWill be retried in ${retryMs}ms ...\n`,
      );
      await sleep(retryMs);
    }
    return result;
  }

  async #config(): Promise<CallResult> {
    const output = gathered();
    const result = await this.#call("config", [], this.#cancelled, output.stream);
    if (result.kind !== "ok") return result;
    try {
      const { job_env = {}, driver } = configSchema.parse(JSON.parse(output.text()));
      this.#jobEnv = job_env;
      this.#trace.stream.write(`Using Custom executor with driver ${driver?.name} ${driver?.version}...\n`);
      return result;
    } catch (error) {
      return { kind: "system_failure", message: `error while parsing JSON output: ${String(error)}` };
    }
  }

  /** Build.executeScript: the first failure is what counts, and some stages run all the same. */
  async #stages(): Promise<CallResult> {
    const { script, afterScript = [] } = this.#job;
    const signal = this.#cancelled;
    let result: CallResult = { kind: "ok" };
    const before = { prepare_script: ["echo Running..."], get_sources: ['mkdir -p "$HOME/project"'] };
    for (const [name, lines] of Object.entries(before)) {
      if (result.kind === "ok") result = await this.#stage(name, lines, signal);
    }
    if (result.kind === "ok") {
      // step_script goes by its old name here (executor.Run).
      result = await this.#stage("build_script", ['cd "$HOME/project"', ...script], signal);
      // Also after a cancellation, since GitLab 17: within 5 minutes of its own.
      if (afterScript.length > 0)
        await this.#stage("after_script", afterScript, AbortSignal.timeout(300_000));
    }
    const last = result.kind === "ok" ? "upload_artifacts_on_success" : "upload_artifacts_on_failure";
    if (!signal.aborted) await this.#stage(last, ["true"], signal);
    await this.#stage("cleanup_file_variables", ["true"], AbortSignal.timeout(300_000));
    return result;
  }

  #stage(name: string, lines: readonly string[], signal: AbortSignal): Promise<CallResult> {
    const folder = mkdtempSync(this.#path("script"));
    const path = join(folder, "script.sh");
    writeFileSync(path, bashScript(jobVariables(this.#job), lines), { mode: 0o700 });
    return this.#call("run", [path, name], signal);
  }

  async #cleanup(): Promise<void> {
    const begun = performance.now();
    const log = this.#runnerLog.stream;
    const result = await this.#call("cleanup", [], AbortSignal.timeout(3_600_000), log, log);
    this.#cleanupMs = performance.now() - begun;
    if (result.kind === "system_failure") log.write(`Cleanup script failed: ${result.message}\n`);
    rmSync(this.#tempDir, { recursive: true, force: true });
  }

  async #call(
    name: keyof RunnerOptions["args"],
    more: readonly string[],
    signal: AbortSignal,
    stdout = this.#trace.stream,
    stderr = this.#trace.stream,
  ): Promise<CallResult> {
    const { file, args, env, gracefulKillMs = 600_000 } = this.#options;
    this.#calls.push(name === "run" ? (more[1] ?? "") : name);
    const result = await callExecutable({
      file,
      args: [...args[name], ...more],
      env,
      jobEnv: this.#jobEnv,
      variables: jobVariables(this.#job),
      tempDir: this.#tempDir,
      jobResponseFile: this.#path("response.json"),
      buildExitCodeFile: this.#path("build_exit_code"),
      stdout,
      stderr,
      signal,
      gracefulKillMs,
    });
    rmSync(this.#path("build_exit_code"), { force: true });
    return result;
  }

  #path(name: string): string {
    return join(this.#tempDir, name);
  }

  #told(result: CallResult): Pick<JobResult, "status" | "reason" | "exitCode"> {
    if (this.#cancelled.aborted) return { status: "canceled" };
    if (result.kind === "ok") return { status: "success" };
    if (result.kind === "build_failure") {
      return { status: "failed", reason: "script_failure", exitCode: result.exitCode };
    }
    this.#trace.stream.write(`ERROR: Job failed (system failure): ${result.message}\n`);
    return { status: "failed", reason: "runner_system_failure" };
  }

  #facts() {
    return {
      calls: this.#calls,
      trace: this.#trace.text(),
      runnerLog: this.#runnerLog.text(),
      cleanupMs: this.#cleanupMs,
    };
  }
}

type Gathered = ReturnType<typeof gathered>;

/** A stream whose text can be looked at while it comes. */
function gathered() {
  let all = "";
  const stream = new PassThrough({ encoding: "utf8" });
  stream.on("data", (text: string) => (all += text));
  return {
    stream,
    text: () => all,
    shown: (text: string) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!all.includes(text)) return;
          stream.off("data", look);
          resolve();
        };
        stream.on("data", look);
        look();
      }),
  };
}
