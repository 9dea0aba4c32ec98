import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { GuestCommand, GuestExit } from "./engine.ts";
import { resolveProgram } from "./resolve-program.ts";
import { copyStream } from "./stream-copy.ts";

export interface CommandSurroundings {
  env: Record<string, string>;
  cwd: string;
  shimDirs: readonly string[];
  root: string;
  /**
   * When a background process of the command keeps its output open: "exit" ends the command when its
   * own process ends, as the guest agent does; "output" waits for the output's end, as sshd does.
   */
  until: "exit" | "output";
}

/** How long the output of an ended command may stay silent before what is left of it is given up. */
const silenceMs = 50;

/** Runs one command to its end. Never rejects for anything the command does. */
export async function runCommand(
  command: GuestCommand,
  surroundings: CommandSurroundings,
): Promise<GuestExit> {
  const { env, cwd, shimDirs, root } = surroundings;
  const [name, ...rest] = command.argv;
  const program = resolveProgram(name, { path: env["PATH"] ?? "", shimDirs, root });
  if (!program.found) return { kind: "not_found", message: program.message };
  if (command.signal.aborted) return { kind: "signaled" };

  const child = spawn(program.file, rest, {
    argv0: name,
    cwd,
    env,
    // A group of its own: an abort takes the command's children with it.
    detached: true,
    stdio: [command.stdin === null ? "ignore" : "pipe", "pipe", "pipe"],
  });
  const kill = (): void => killGroup(child);
  command.signal.addEventListener("abort", kill, { once: true });
  try {
    return await follow(child, command, surroundings);
  } finally {
    command.signal.removeEventListener("abort", kill);
  }
}

async function follow(
  child: ChildProcess,
  command: GuestCommand,
  { until }: CommandSurroundings,
): Promise<GuestExit> {
  const failed = once(child, "error").then(([error]): GuestExit => {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "not_found", message: `fork/exec ${command.argv[0]}: ${message}` };
  });
  if (child.stdout === null || child.stderr === null || child.pid === undefined) return failed;

  feed(command.stdin, child.stdin);
  const outputs = [copyStream(child.stdout, command.stdout), copyStream(child.stderr, command.stderr)];
  const allCopied = Promise.all(outputs.map(async (output) => output.done));
  const code = await exitCode(child);

  const silent = async (): Promise<void> => {
    for (;;) {
      const before = outputs.map((output) => output.chunks());
      await delay(silenceMs);
      if (outputs.every((output, index) => output.chunks() === before[index] && !output.blocked())) return;
    }
  };
  const over = command.signal.aborted || until === "exit" ? silent() : aborted(command.signal);
  await Promise.race([allCopied, over]);
  child.stdout.destroy();
  child.stderr.destroy();
  if (command.stdin !== null && child.stdin !== null) command.stdin.unpipe(child.stdin);
  return code === null ? { kind: "signaled" } : { kind: "exited", code };
}

/** The exit code, or null when a signal ended it. */
async function exitCode(child: ChildProcess): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once("exit", resolve);
  return promise;
}

const aborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, "abort");
};

function feed(source: Readable | null, sink: Writable | null): void {
  if (source === null || sink === null) return;
  // A command may end without reading its input (EPIPE): that is its right.
  sink.on("error", () => source.unpipe(sink));
  source.pipe(sink);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
