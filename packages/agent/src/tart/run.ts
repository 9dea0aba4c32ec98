import type { RunOptions } from "@tartfleet/shared";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { failureOf, ownFailure } from "./command.ts";
import { childEnv, type TartConfig } from "./config.ts";
import { seeProcess, seeTart, type SeenProcess } from "./process-identity.ts";
import { failed, ok } from "./result.ts";
import type { RunExit, RunHandle, TartFailure, TartResult } from "./tart.ts";

const WATCH_MS = 500;

/** The arguments of `tart run` for a throw-away VM (tart-contract §13). */
export function runArguments(name: string, run: RunOptions): string[] {
  return [
    "run",
    "--no-graphics",
    "--no-audio",
    "--no-clipboard",
    "--root-disk-opts=sync=none",
    ...(run.softnet ? ["--net-softnet"] : []),
    ...(run.softnetAllow?.length ? [`--net-softnet-allow=${run.softnetAllow.join(",")}`] : []),
    ...(run.softnetBlock?.length ? [`--net-softnet-block=${run.softnetBlock.join(",")}`] : []),
    name,
  ];
}

/**
 * Starts a VM: a process in a session of its own that outlives the agent, its output in a file, because a pipe
 * would kill it when the agent goes (tart-contract §0.1).
 */
export async function startRun(
  config: TartConfig,
  name: string,
  options: { run: RunOptions; logPath: string },
): Promise<TartResult<RunHandle>> {
  const log = await prepare(config, name, options.logPath);
  if (log instanceof Error) return failed(refused(config, log));
  try {
    const child = spawn(config.path, runArguments(name, options.run), {
      env: childEnv(config, { registry: false }),
      cwd: "/",
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    const exited = new Promise<RunExit>((resolve) => {
      child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
    });
    try {
      await once(child, "spawn");
    } catch (error) {
      return failed(refused(config, error));
    }
    child.unref();
    const pid = child.pid ?? 0;
    const startedAt = (await seeProcess(pid))?.startedAt ?? "gone";
    return ok(handle({ pid, startedAt }, exited));
  } finally {
    await log.close();
  }
}

/** A socket that an earlier run left makes `exec` unusable, or the run fail (tart-contract §0.2). */
async function prepare(config: TartConfig, name: string, logPath: string): Promise<FileHandle | Error> {
  try {
    await rm(join(config.tartHome, "vms", name, "control.sock"), { force: true });
    return await open(logPath, "w", 0o600);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The failure of a run that could not be started at all. */
function refused(config: TartConfig, error: unknown): TartFailure {
  const stderr = String(error);
  if (/^Error: spawn .*ENOENT/.test(stderr)) return ownFailure("NOT_INSTALLED", "run", stderr);
  return failureOf(config, { command: "run", exitCode: null, signal: null, stdout: "", stderr });
}

/** See `Tart.findRun`. */
export async function findRun(
  config: TartConfig,
  name: string,
  known: { pid: number; startedAt: string } | undefined,
): Promise<RunHandle | undefined> {
  const found = known ? await seeProcess(known.pid) : (await seeTart("run", name))[0];
  if (!found || (known && found.startedAt !== known.startedAt)) return undefined;
  return handle(found, watchUntilGone(config, found));
}

async function watchUntilGone(config: TartConfig, process: SeenProcess): Promise<RunExit> {
  while ((await seeProcess(process.pid))?.startedAt === process.startedAt) {
    await sleep(WATCH_MS / config.pace, undefined, { ref: false });
  }
  return { exitCode: null, signal: null };
}

function handle({ pid, startedAt }: { pid: number; startedAt: string }, exited: Promise<RunExit>): RunHandle {
  return {
    pid,
    startedAt,
    exited,
    async signal(signal) {
      if ((await seeProcess(pid))?.startedAt !== startedAt) return false;
      try {
        return process.kill(pid, signal);
      } catch {
        return false;
      }
    },
  };
}
