import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { GuestCommand, GuestExit } from "./engine.ts";
import { resolveProgram } from "./resolve-program.ts";
import { allPassedOn, copyStream } from "./stream-copy.ts";

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
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const abort = (): void => {
    killGroup(child);
    resolve();
  };
  command.signal.addEventListener("abort", abort, { once: true });
  try {
    return await follow(child, command, { until: surroundings.until, aborted });
  } finally {
    command.signal.removeEventListener("abort", abort);
  }
}

async function follow(
  child: ChildProcess,
  command: GuestCommand,
  { until, aborted }: Pick<CommandSurroundings, "until"> & { aborted: Promise<void> },
): Promise<GuestExit> {
  const failed = once(child, "error").then(([error]): GuestExit => {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "not_found", message: `fork/exec ${command.argv[0]}: ${message}` };
  });
  if (child.stdout === null || child.stderr === null || child.pid === undefined) return failed;

  feed(command.stdin, child.stdin);
  const outputs = [copyStream(child.stdout, command.stdout), copyStream(child.stderr, command.stderr)];
  const code = await exitCode(child);
  await Promise.race([
    Promise.all(outputs.map(async (output) => output.done)),
    ...(until === "exit" ? [allPassedOn(outputs, command.signal)] : []),
    aborted,
  ]);
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
