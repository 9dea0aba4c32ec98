import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { ownFailure } from "./command.ts";
import { failed, ok, type Result } from "./result.ts";
import type { RunExit, TartFailure } from "./tart.ts";

/** What is to be started for a VM. */
export interface RunCommand {
  /** The first one as it was given to the agent: perhaps without a folder. */
  argv: readonly [string, ...string[]];
  env: Readonly<Record<string, string>>;
  /** Of a file that is there; output is added to it. */
  logPath: string;
}

interface LaunchedRun {
  pid: number;
  /** Where whoever started it is told of its end; else `exitOf` knows once its process is gone. */
  exited?: Promise<RunExit>;
}

/**
 * Who starts the `tart run` processes. Whoever it is, they outlive the agent; only who remembers how they ended
 * differs.
 */
export interface RunLauncher {
  /** Starts a VM's run in a session of its own, and answers once its process exists. */
  start(name: string, command: RunCommand): Promise<Result<LaunchedRun, TartFailure>>;
  /** How the VM's last run ended; undefined while it runs and when nobody remembers. */
  exitOf(name: string): Promise<RunExit | undefined>;
  /** Forgets the VM's last run; one that still lived would end. */
  forget(name: string): Promise<void>;
  /** Removes what is left of the runs of all VMs but these. */
  sweep(names: ReadonlySet<string>): Promise<void>;
}

/** Runs as children of the agent: when it is gone, nobody remembers how they ended. */
export const childRuns: RunLauncher = {
  async start(_name, { argv: [program, ...args], env, logPath }) {
    const log = await open(logPath, "a");
    try {
      const child = spawn(program, args, {
        env,
        cwd: "/",
        detached: true,
        stdio: ["ignore", log.fd, log.fd],
      });
      const exited = new Promise<RunExit>((resolve) => {
        child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
      });
      await once(child, "spawn");
      child.unref();
      return ok({ pid: child.pid ?? 0, exited });
    } catch (error) {
      const said = String(error);
      return failed(
        ownFailure(/^Error: spawn .*ENOENT/.test(said) ? "NOT_INSTALLED" : "UNKNOWN", "run", said),
      );
    } finally {
      await log.close();
    }
  },
  exitOf: () => Promise.resolve(undefined),
  forget: () => Promise.resolve(),
  sweep: () => Promise.resolve(),
};
