import type { RunOptions } from "@tartfleet/shared";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { failureOf } from "./command.ts";
import { childEnv, type TartConfig } from "./config.ts";
import type { RunLauncher } from "./launcher.ts";
import { seeProcess, seeTart } from "./process-identity.ts";
import { failed, ok } from "./result.ts";
import type { RunExit, RunHandle, TartResult } from "./tart.ts";

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

/** What runs are started, watched and remembered with. */
export interface RunParts {
  config: TartConfig;
  launcher: RunLauncher;
}

/**
 * Starts a VM: a process in a session of its own that outlives the agent, its output in a file, because a pipe
 * would kill it when the agent goes (tart-contract §0.1).
 */
export async function startRun(
  parts: RunParts,
  name: string,
  options: { run: RunOptions; logPath: string },
): Promise<TartResult<RunHandle>> {
  const { config, launcher } = parts;
  try {
    // A socket that an earlier run left makes `exec` unusable, or the run fail (tart-contract §0.2).
    await rm(join(config.tartHome, "vms", name, "control.sock"), { force: true });
    await writeFile(options.logPath, "", { mode: 0o600 });
  } catch (error) {
    const evidence = { command: "run", exitCode: null, signal: null, stdout: "", stderr: String(error) };
    return failed(failureOf(config, evidence));
  }
  const launched = await launcher.start(name, {
    argv: [config.path, ...runArguments(name, options.run)],
    env: childEnv(config, { registry: false }),
    logPath: options.logPath,
  });
  if (!launched.ok) return launched;
  const { pid, exited } = launched.value;
  const startedAt = (await seeProcess(pid))?.startedAt ?? "gone";
  return ok(handle({ pid, startedAt }, exited ?? watchUntilGone(parts, name, { pid, startedAt })));
}

/** See `Tart.findRun`. */
export async function findRun(
  parts: RunParts,
  name: string,
  known: Mark | undefined,
): Promise<RunHandle | undefined> {
  const found = known ? await seeProcess(known.pid) : (await seeTart("run", name))[0];
  if (!found || (known && found.startedAt !== known.startedAt)) return undefined;
  return handle(found, watchUntilGone(parts, name, found));
}

interface Mark {
  pid: number;
  startedAt: string;
}

async function watchUntilGone({ config, launcher }: RunParts, name: string, run: Mark): Promise<RunExit> {
  while ((await seeProcess(run.pid))?.startedAt === run.startedAt) {
    await sleep(WATCH_MS / config.pace, undefined, { ref: false });
  }
  return (await launcher.exitOf(name)) ?? { exitCode: null, signal: null };
}

function handle({ pid, startedAt }: Mark, exited: Promise<RunExit>): RunHandle {
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
