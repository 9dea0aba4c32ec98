import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/main.mjs", import.meta.url));
/** Most of a run is node compiling the same files again. */
const COMPILE_CACHE = fileURLToPath(new URL("../../node_modules/.cache/node-compile", import.meta.url));
const DEADLINE_MS = 20_000;

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

interface Options {
  args: readonly string[];
  env?: Record<string, string>;
  /** What stdin holds; it is empty without. */
  input?: string;
}

/** Starts the real `tartfleet`, which knows nothing of our own environment but PATH and what is given. */
export function start({ args, env = {}, input = "" }: Options) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: {
      PATH: process.env["PATH"],
      HOME: "/nonexistent",
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...env,
    },
    stdio: "pipe",
  });
  const result = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (result.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (result.stderr += text));
  // The process may end without having read it.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const ended: Promise<Result> = once(child, "close").then(([code, signal]) => ({
    code: signal === null ? Number(code) : -1,
    ...result,
  }));
  return {
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    ended,
    /** As `| head` does: closes the other end of its stdout. */
    stopReading: () => child.stdout.destroy(),
    /** Until stderr or stdout shows the text. */
    async shows(text: string): Promise<void> {
      const shown = () => result.stdout.includes(text) || result.stderr.includes(text);
      const otherwise = () => `${JSON.stringify(text)} was never shown, but: ${JSON.stringify(result)}`;
      await until(() => shown() || child.exitCode !== null, otherwise);
      if (!shown()) throw new Error(otherwise());
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs `tartfleet` to its end. */
export function run(args: readonly string[], options: Omit<Options, "args"> = {}): Promise<Result> {
  return start({ args, ...options }).ended;
}

/** Polls until it is so. */
export async function until(
  isSo: () => boolean,
  otherwise: () => string = () => "it never became so",
): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(otherwise());
    await sleep(5);
  }
}

/** A folder that is gone afterwards. */
export async function scratch() {
  const path = await mkdtemp(join(tmpdir(), "tartfleet-cli-"));
  return {
    path,
    file: (name: string) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
