import { execa } from "execa";
import { childEnv, redact, type TartConfig } from "./config.ts";
import { classify, OWN_FAILURES, type FailureEvidence, type TartFailureClass } from "./failure-classes.ts";
import { failed, ok } from "./result.ts";
import { lastLines } from "./tail.ts";
import type { TartFailure, TartResult } from "./tart.ts";

const OUTPUT_LIMIT = 4096;
const BUFFER_LIMIT = 16 * 1024 * 1024;
/** How long output may lag behind the process's exit: something it left behind may hold the pipe. */
const LINGER_MS = 2000;

interface CommandOptions {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  stdin?: string | Buffer | undefined;
  /** Called with every line of stdout as it comes. */
  onLine?: ((line: string) => void) | undefined;
  /** Aborted by this side for want of progress. */
  stalled?: AbortSignal | undefined;
}

export interface CommandOutput {
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** Runs a tart command to its end. Fails only when it was cut off or could not run; any exit code is success. */
export async function spawnTart(
  config: TartConfig,
  args: readonly [string, ...string[]],
  options: CommandOptions,
): Promise<TartResult<CommandOutput>> {
  const [command] = args;
  const signals = [options.signal, options.stalled].filter((signal) => signal !== undefined);
  const cancelSignal = AbortSignal.any(signals);
  if (cancelSignal.aborted) return failed(ownFailure("CANCELLED", command));
  const child = execa(config.path, args, {
    env: childEnv(config, { registry: command === "pull" || command === "clone" }),
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    cwd: "/",
    maxBuffer: BUFFER_LIMIT,
    timeout: Math.ceil(options.timeoutMs),
    cancelSignal,
    ...(options.stdin === undefined ? { stdin: "ignore" as const } : { input: options.stdin }),
  });
  if (options.onLine) eachLine(child.stdout, options.onLine);
  let linger: NodeJS.Timeout | undefined;
  child.nodeChildProcess.once("exit", () => {
    linger = setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, LINGER_MS);
  });
  const result = await child;
  clearTimeout(linger);
  const output: CommandOutput = {
    exitCode: result.exitCode ?? null,
    signal: result.signal ?? null,
    stdout: text(result.stdout),
    stderr: text(result.stderr),
  };
  const said = redact(config, `${output.stdout}\n${output.stderr}`);
  if (options.signal?.aborted) return failed(ownFailure("CANCELLED", command, said));
  if (options.stalled?.aborted) return failed(ownFailure("STALLED", command, said));
  if (result.timedOut) return failed(ownFailure("TIMED_OUT", command, said));
  if (output.exitCode === null && output.signal === null) {
    return failed(
      ownFailure(result.code === "ENOENT" ? "NOT_INSTALLED" : "UNKNOWN", command, result.shortMessage),
    );
  }
  return ok(output);
}

/** Runs a tart command that must exit with 0; anything else is classified. */
export async function tartCommand(
  config: TartConfig,
  args: readonly [string, ...string[]],
  options: CommandOptions,
): Promise<TartResult<string>> {
  const result = await spawnTart(config, args, options);
  if (!result.ok) return result;
  if (result.value.exitCode === 0) return ok(result.value.stdout);
  return failed(failureOf(config, { command: args[0], ...result.value }));
}

/** The typed form of what a command that did not succeed left behind. */
export function failureOf(config: TartConfig, evidence: FailureEvidence): TartFailure {
  const { class: failureClass, advice } = classify(evidence);
  const output = lastLines(redact(config, `${evidence.stdout.trimEnd()}\n${evidence.stderr}`), OUTPUT_LIMIT);
  return {
    class: failureClass,
    command: evidence.command,
    exitCode: evidence.exitCode,
    signal: evidence.signal,
    output: output.trimStart(),
    message: `tart ${evidence.command} failed${ending(evidence)}. ${advice}`,
  };
}

/** A failure that this side saw by itself. */
export function ownFailure(
  failureClass: TartFailureClass & keyof typeof OWN_FAILURES,
  command: string,
  output = "",
): TartFailure {
  return {
    class: failureClass,
    command,
    exitCode: null,
    signal: null,
    output: lastLines(output, OUTPUT_LIMIT).trimStart(),
    message: `tart ${command} failed. ${OWN_FAILURES[failureClass]}`,
  };
}

function ending({ exitCode, signal }: FailureEvidence): string {
  if (signal !== null) return ` (${signal})`;
  return exitCode === null ? "" : ` (exit code ${exitCode})`;
}

function text(output: unknown): string {
  return typeof output === "string" ? output : "";
}

function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n|\r/);
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
}
