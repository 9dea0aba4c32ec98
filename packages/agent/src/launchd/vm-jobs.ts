import { plistText } from "@tartfleet/launchd";
import { access, constants, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { VM_LABEL } from "../installed.ts";
import type { Log } from "../log.ts";
import { ownFailure } from "../tart/command.ts";
import type { RunCommand, RunLauncher } from "../tart/launcher.ts";
import { failed, ok } from "../tart/result.ts";
import { LaunchctlError, type Launchctl } from "./launchctl.ts";

/** launchd may learn of a process's end a moment after everybody else. */
const END_POLLS = 20;
const END_POLL_MS = 100;

interface VmJobs {
  launchctl: Launchctl;
  /** Of the jobs' files. */
  dir: string;
  log: Log;
}

/**
 * Runs as launchd jobs, one a VM (tart-contract §3.3): they are nobody's children, live in the session at the screen, and
 * launchd remembers how they ended, whatever becomes of the agent meanwhile.
 */
export function launchdRuns({ launchctl, dir, log }: VmJobs): RunLauncher {
  const labelOf = (name: string) => `${VM_LABEL}${name}`;
  const fileOf = (name: string) => join(dir, `${labelOf(name)}.plist`);

  const remove = async (name: string): Promise<void> => {
    await launchctl.bootOut(labelOf(name));
    await rm(fileOf(name), { force: true });
  };

  /** Names of the VMs whose jobs are loaded from this agent's folder, or have a file there. */
  const known = async (): Promise<string[]> => {
    const files = await readdir(dir).catch((): string[] => []);
    const names = new Set(files.flatMap((file) => nameIn(file.replace(/\.plist$/, ""))));
    for (const name of (await launchctl.labels()).flatMap(nameIn)) {
      if (!names.has(name) && (await launchctl.job(labelOf(name)))?.path === fileOf(name)) names.add(name);
    }
    return [...names];
  };

  return {
    async start(name, { argv: [tart, ...args], env, logPath }) {
      const program = await absolute(tart, env["PATH"] ?? "");
      if (program === undefined) return failed(ownFailure("NOT_INSTALLED", "run", `${tart} is not in PATH`));
      const label = labelOf(name);
      try {
        const running = (await launchctl.job(label))?.pid;
        if (running !== undefined) return ok({ pid: running });
        // A run that ended, for want of a slot perhaps.
        await launchctl.bootOut(label);
        await mkdir(dir, { recursive: true, mode: 0o700 });
        const text = jobText(label, [program, ...args], env, logPath);
        await writeFile(fileOf(name), text, { mode: 0o600 });
        return ok({ pid: await launchctl.start(label, fileOf(name)) });
      } catch (error) {
        const isWithoutSession = error instanceof LaunchctlError && error.isWithoutSession;
        return failed(ownFailure(isWithoutSession ? "NO_SESSION" : "NOT_LAUNCHED", "run", messageOf(error)));
      }
    },
    async exitOf(name) {
      try {
        for (let polls = 0; ; polls += 1) {
          const job = await launchctl.job(labelOf(name));
          if (job?.pid === undefined || polls === END_POLLS) return job?.exit;
          await sleep(END_POLL_MS);
        }
      } catch (error) {
        log.warn({ instance: name, why: messageOf(error) }, "launchd does not say how the VM ended");
        return undefined;
      }
    },
    async forget(name) {
      await remove(name).catch((error: unknown) =>
        log.warn(
          { instance: name, why: messageOf(error) },
          "the VM's launchd job is left until the next start",
        ),
      );
    },
    async sweep(names) {
      try {
        for (const name of await known()) {
          if (names.has(name)) continue;
          log.info({ instance: name }, "removing a launchd job that no VM has");
          await remove(name);
        }
      } catch (error) {
        log.warn({ why: messageOf(error) }, "launchd jobs of VMs that are gone may be left");
      }
    },
  };
}

/**
 * A job's file. It holds no secret, for `tart run` needs none. Interactive, because launchd else gives a job less of the
 * processor and of the disk than what people start at the screen (launchd.plist(5)).
 */
function jobText(
  label: string,
  programArguments: readonly [string, ...string[]],
  env: RunCommand["env"],
  log: string,
): string {
  const { PATH = "", HOME = homedir(), TART_HOME = "" } = env;
  return plistText({
    folder: "LaunchAgents",
    label,
    programArguments,
    environment: { PATH, HOME, TART_HOME },
    startsWhenLoaded: false,
    keepAlive: false,
    isInteractive: true,
    log,
  });
}

const nameIn = (label: string): string[] =>
  label.startsWith(VM_LABEL) ? [label.slice(VM_LABEL.length)] : [];

/** Where a program is: launchd looks for none. */
async function absolute(program: string, path: string): Promise<string | undefined> {
  const places = program.includes("/")
    ? [program]
    : path.split(delimiter).map((folder) => join(folder, program));
  for (const place of places) {
    const isThere = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return place;
  }
  return undefined;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
