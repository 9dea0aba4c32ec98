import { Build } from "./build.ts";
import { gathered } from "./gathered.ts";
import type { GitlabJob } from "./job.ts";
import type { Execute } from "./spawn.ts";

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
  /** prepare_exec_timeout; an hour without it. */
  prepareTimeoutMs?: number;
  /** graceful_kill_timeout; GitLab's is 10 minutes. */
  gracefulKillMs?: number;
  /** Calls the executable; without it as a process of this machine. */
  execute?: Execute;
}

export interface JobResult {
  status: "success" | "failed" | "canceled";
  /** GitLab's failure_reason. */
  reason?: "script_failure" | "configuration_error" | "runner_system_failure" | "job_execution_timeout";
  exitCode?: number;
  /** What was called, in order: config, prepare, the stages of run, cleanup. */
  calls: string[];
  /** What people see of the job. */
  trace: string;
  /** The runner's own log. */
  runnerLog: string;
  cleanupMs: number;
}

export interface RunningJob {
  done: Promise<JobResult>;
  /** As somebody does in GitLab's page. */
  cancel(): void;
  /** What was called so far. */
  calls(): readonly string[];
  /** The trace as it is now. */
  trace(): string;
  /** Resolves when the trace holds that. */
  shown(text: string): Promise<void>;
}

/** Runs a job as gitlab-runner does with a custom executor (common/build.go, executors/custom/custom.go). */
export function startGitlabJob(options: RunnerOptions, job: GitlabJob): RunningJob {
  const trace = gathered();
  const build = new Build(options, job, trace);
  return {
    done: build.run(),
    cancel: () => build.cancel(),
    calls: () => build.calls,
    trace: trace.text,
    shown: trace.shown,
  };
}
