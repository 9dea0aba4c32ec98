import { makeSimHost, tartPath, type SimHost, type SimHostOptions } from "@tartfleet/tart-sim";
import { execa } from "execa";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startControlPlane, type TestControlPlane } from "../support/test-control-plane.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.mjs", import.meta.url));

export const MACOS = "ghcr.io/cirruslabs/macos-runner:sequoia";

/** A simulated Mac, a control plane, and agents as real processes. */
export interface Stage {
  dir: string;
  mac: SimHost;
  plane: TestControlPlane;
  /** Starts an agent on the Mac; the same data folder unless told otherwise. */
  agent(args?: readonly string[], env?: Record<string, string>): AgentProcess;
  /** The command line of an agent on the Mac, for those who start it themselves. */
  command(args?: readonly string[]): [string, ...string[]];
  /** Runs tart by hand on the Mac. */
  tart(...args: string[]): Promise<string>;
  vmNames(): Promise<string[]>;
}

interface AgentProcess {
  child: ChildProcess;
  /** All that it has printed, stdout (its log) and stderr. */
  log(): string;
  stderr(): string;
  exited: Promise<{ code: number | null; signal: string | null }>;
  kill(signal: "SIGKILL" | "SIGTERM" | "SIGINT" | "SIGSTOP" | "SIGCONT"): Promise<void>;
}

/** Plays on a stage of its own, of which nothing is left afterwards. */
export async function onStage(
  options: Partial<SimHostOptions>,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "tartfleet-agent-"));
  const mac = await makeSimHost({
    dir: join(dir, "mac"),
    speed: 200,
    seed: "1",
    engine: "process",
    cached: [MACOS],
    ...options,
  });
  // By a name of the stage's own, so that its processes can be told from all others.
  const ownTart = join(dir, "bin/tart");
  await mkdir(join(dir, "bin"));
  await symlink(tartPath, ownTart);
  const plane = await startControlPlane();
  plane.heartbeatSeconds = 0.2;
  const agents: AgentProcess[] = [];

  async function tart(...args: string[]): Promise<string> {
    const { stdout } = await execa(ownTart, args, { env: mac.env, extendEnv: false });
    return stdout;
  }

  const stage: Stage = {
    dir,
    mac,
    plane,
    tart,
    async vmNames() {
      const list = JSON.parse(await tart("list", "--source", "local", "--format", "json")) as {
        Name: string;
      }[];
      return list.map(({ Name }) => Name);
    },
    command(args = []) {
      const flags = {
        "--url": plane.url,
        "--name": "mac-1",
        "--machine-id": "machine-0001",
        "--data-dir": join(dir, "data"),
        "--tart": ownTart,
        "--tart-home": mac.tartHome,
        "--look-seconds": "1",
        "--orphan-grace-seconds": "1.5",
        "--log-level": "debug",
      };
      const given = Object.entries(flags).filter(([flag]) => !args.includes(flag));
      return [process.execPath, MAIN, ...given.flat(), ...args];
    },
    agent(args = [], env = {}) {
      const agent = startProcess(stage.command(args), {
        ...mac.env,
        TARTFLEET_ENROLMENT_TOKEN: plane.enrolmentToken,
        ...env,
      });
      agents.push(agent);
      return agent;
    },
  };
  try {
    await play(stage);
  } catch (error) {
    for (const agent of agents) console.error(agent.log());
    throw error;
  } finally {
    for (const agent of agents) await agent.kill("SIGKILL");
    await killAllOf(ownTart);
    await mac.killAll();
    await plane.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** What a killed agent had begun goes on without it: commands, and runs that their host does not know yet. */
async function killAllOf(program: string): Promise<void> {
  for (;;) {
    const { stdout } = await execa("ps", ["-axww", "-o", "pid=,command="]);
    const pids = stdout
      .split("\n")
      .filter((line) => line.includes(program))
      .map((line) => Number.parseInt(line, 10));
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
  }
}

function startProcess(
  [program, ...args]: readonly [string, ...string[]],
  env: Record<string, string>,
): AgentProcess {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exited = once(child, "close").then(() => ({ code: child.exitCode, signal: child.signalCode }));
  return {
    child,
    log: () => stdout + stderr,
    stderr: () => stderr,
    exited,
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      if (signal === "SIGKILL") await exited;
    },
  };
}
