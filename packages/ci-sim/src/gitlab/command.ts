import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { Writable } from "node:stream";

/** gitlab-runner's own numbers (executors/custom/command/command.go). */
const BUILD_FAILURE = 1;
const SYSTEM_FAILURE = 2;

/** How a call of the executable went, for gitlab-runner. */
export type CallResult =
  | { kind: "ok" }
  /** common.BuildError: the job's fault. */
  | { kind: "build_failure"; exitCode: number }
  /** Anything else, with what gitlab-runner would say. */
  | { kind: "system_failure"; message: string };

export interface CallOptions {
  file: string;
  args: readonly string[];
  /** Of gitlab-runner's own process. */
  env: Readonly<Record<string, string>>;
  /** api.ConfigExecOutput.JobEnv; comes before the job's variables, so that these win. */
  jobEnv: Readonly<Record<string, string>>;
  variables: Readonly<Record<string, string>>;
  tempDir: string;
  jobResponseFile: string;
  buildExitCodeFile: string;
  stdout: Writable;
  stderr: Writable;
  /** Terminates the process group, and kills it after the graceful time. */
  signal: AbortSignal;
  gracefulKillMs: number;
}

/** Calls the custom executor's executable once, as command.New(…).Run() does. */
export async function callExecutable(options: CallOptions): Promise<CallResult> {
  const { file, args, tempDir, signal, gracefulKillMs } = options;
  const child = spawn(file, args, {
    cwd: tempDir,
    env: environmentOf(options),
    // A process group of its own, which is signalled as a whole (helpers/process, setProcessGroup).
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.pipe(options.stdout, { end: false });
  child.stderr.pipe(options.stderr, { end: false });
  const kill = (how: NodeJS.Signals) => {
    try {
      process.kill(-(child.pid ?? 0), how);
    } catch {
      // It has ended.
    }
  };
  let force: NodeJS.Timeout | undefined;
  const terminate = () => {
    kill("SIGTERM");
    force = setTimeout(() => kill("SIGKILL"), gracefulKillMs);
  };
  if (signal.aborted) terminate();
  signal.addEventListener("abort", terminate, { once: true });
  const { promise, resolve } = Promise.withResolvers<CallResult>();
  child.once("error", (error) =>
    resolve({ kind: "system_failure", message: `failed to start command: ${error.message}` }),
  );
  child.once("close", (code) => resolve(resultOf(code, options.buildExitCodeFile)));
  const result = await promise;
  clearTimeout(force);
  signal.removeEventListener("abort", terminate);
  return result;
}

function environmentOf({ env, jobEnv, variables, tempDir, jobResponseFile, buildExitCodeFile }: CallOptions) {
  return {
    ...env,
    TMPDIR: tempDir,
    BUILD_FAILURE_EXIT_CODE: String(BUILD_FAILURE),
    SYSTEM_FAILURE_EXIT_CODE: String(SYSTEM_FAILURE),
    BUILD_EXIT_CODE_FILE: buildExitCodeFile,
    JOB_RESPONSE_FILE: jobResponseFile,
    ...jobEnv,
    ...Object.fromEntries(Object.entries(variables).map(([name, value]) => [`CUSTOM_ENV_${name}`, value])),
  };
}

function resultOf(code: number | null, buildExitCodeFile: string): CallResult {
  if (code === 0) return { kind: "ok" };
  if (code === SYSTEM_FAILURE) return { kind: "system_failure", message: `exit status ${SYSTEM_FAILURE}` };
  if (code !== BUILD_FAILURE) {
    return {
      kind: "system_failure",
      message: `unknown Custom executor executable exit code ${code ?? "by a signal"}`,
    };
  }
  if (!existsSync(buildExitCodeFile)) return { kind: "build_failure", exitCode: BUILD_FAILURE };
  const [line = ""] = readFileSync(buildExitCodeFile, "utf8").split("\n");
  // strconv.Atoi takes nothing but a number.
  if (!/^[+-]?\d+$/.test(line)) {
    return {
      kind: "system_failure",
      message: `unknown Custom executor executable exit code ${SYSTEM_FAILURE}`,
    };
  }
  return { kind: "build_failure", exitCode: Number(line) };
}
