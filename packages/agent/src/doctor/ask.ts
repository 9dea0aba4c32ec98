import { execa } from "execa";
import { setTimeout as sleep } from "node:timers/promises";
import type { Said } from "./said.ts";

export interface AskOptions {
  /** All of the program's environment. */
  env: Readonly<Record<string, string>>;
  timeoutMs: number;
  signal: AbortSignal;
}

/** `launchctl print` prints a whole session. */
const BUFFER_LIMIT = 4 << 20;
/** How long output may lag behind the exit, and an exit behind the kill: something else may hold them up. */
const LINGER_MS = 1000;

/** Asks a program of the system; resolves within its time whatever the program does, and never rejects. */
export async function ask(program: string, args: readonly string[], options: AskOptions): Promise<Said> {
  const { env, timeoutMs, signal } = options;
  if (signal.aborted) return { kind: "silent" };
  const over = new AbortController();
  const child = execa(program, args, {
    env,
    extendEnv: false,
    reject: false,
    stdin: "ignore",
    cwd: "/",
    maxBuffer: BUFFER_LIMIT,
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    cancelSignal: signal,
  });
  const hangUp = () => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  let linger: NodeJS.Timeout | undefined;
  child.nodeChildProcess.once("exit", () => (linger = setTimeout(hangUp, LINGER_MS)));
  const tooLong = sleep(timeoutMs + LINGER_MS, undefined, { signal: over.signal }).then(hangUp, () => {});
  const result = await Promise.race([child, tooLong]);
  over.abort();
  clearTimeout(linger);
  if (!result || result.timedOut || result.isCanceled) return { kind: "silent" };
  if (result.code === "ENOENT") return { kind: "missing" };
  const { exitCode, isMaxBuffer, stdout, stderr } = result;
  // One that said too much was cut off, though it may have had a code for that.
  const code = isMaxBuffer ? null : (exitCode ?? null);
  return { kind: "exited", code, stdout: text(stdout), stderr: text(stderr) };
}

function text(output: unknown): string {
  return typeof output === "string" ? output : "";
}
