import { existsSync, readFileSync } from "node:fs";
import { spawnExecutable, type Execute, type Execution } from "./spawn.ts";

/** gitlab-runner's own numbers (executors/custom/command/command.go). */
const BUILD_FAILURE = 1;
const SYSTEM_FAILURE = 2;

/** How a call of the executable went, for gitlab-runner. */
export type CallResult =
  | { kind: "ok" }
  /** common.BuildError: the job's fault. */
  | {
      kind: "build_failure";
      message: string;
      exitCode: number;
      reason: "script_failure" | "configuration_error";
    }
  /** Anything else, with what gitlab-runner would say. */
  | { kind: "system_failure"; message: string };

export interface CallOptions extends Omit<Execution, "cwd"> {
  /** api.ConfigExecOutput.JobEnv; comes before the job's variables, so that these win. */
  jobEnv: Readonly<Record<string, string>>;
  variables: Readonly<Record<string, string>>;
  tempDir: string;
  jobResponseFile: string;
  buildExitCodeFile: string;
  execute?: Execute | undefined;
}

/** Calls the custom executor's executable once, as command.New(…).Run() does. */
export async function callExecutable({
  execute = spawnExecutable,
  ...options
}: CallOptions): Promise<CallResult> {
  let code: number | null;
  try {
    code = await execute({ ...options, env: environmentOf(options), cwd: options.tempDir });
  } catch (error) {
    return { kind: "system_failure", message: `failed to start command: ${String(error)}` };
  }
  return resultOf(code, options.buildExitCodeFile);
}

/** What comes later wins, as in Go's exec.Cmd. */
function environmentOf(options: CallOptions): Record<string, string> {
  const { env, jobEnv, variables, tempDir, jobResponseFile, buildExitCodeFile } = options;
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
  // Go has -1 for what a signal ended.
  if (code !== BUILD_FAILURE) return unknown(code ?? -1);
  if (!existsSync(buildExitCodeFile)) return buildFailure(BUILD_FAILURE);
  const [line = ""] = readFileSync(buildExitCodeFile, "utf8").split("\n");
  // strconv.Atoi takes nothing but a number.
  return /^[+-]?\d+$/.test(line) ? buildFailure(Number(line)) : unknown(SYSTEM_FAILURE);
}

function buildFailure(exitCode: number): CallResult {
  return { kind: "build_failure", message: `exit status ${exitCode}`, exitCode, reason: "script_failure" };
}

function unknown(code: number): CallResult {
  return { kind: "system_failure", message: `unknown Custom executor executable exit code ${code}` };
}
