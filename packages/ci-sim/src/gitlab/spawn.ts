import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** One process, as gitlab-runner has it started. */
export interface Execution {
  file: string;
  args: readonly string[];
  /** All of it. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  stdout: Writable;
  stderr: Writable;
  /** Terminates the process group, and kills it after the graceful time. */
  signal: AbortSignal;
  gracefulKillMs: number;
}

/** Answers with the exit code, or null after a signal; rejects when it cannot be started. */
export type Execute = (execution: Execution) => Promise<number | null>;

/** As a process group of its own, which is signalled as a whole (helpers/process, killer_unix.go). */
export const spawnExecutable: Execute = async (execution) => {
  const { file, args, env, cwd, signal, gracefulKillMs } = execution;
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const pass = (from: Readable, to: Writable) => from.pipe(to, { end: false });
  pass(child.stdout, execution.stdout);
  pass(child.stderr, execution.stderr);
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
  try {
    return await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
  } finally {
    clearTimeout(force);
    signal.removeEventListener("abort", terminate);
  }
};
