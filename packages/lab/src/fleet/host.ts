import { mkdir, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeSimHost, tartPath, type SimHost, type SimHostOptions } from "@tartfleet/tart-sim";
import { flagArguments, nodeCommand, type Flags } from "./environment.ts";
import { makeProgram, type Program } from "./program.ts";

const MAIN = fileURLToPath(new URL("../../../agent/dist/main.mjs", import.meta.url));

/** A Mac of the fleet: its agent, and what it works on. */
export interface FleetHost {
  name: string;
  agent: Program;
  tartHome: string;
  /** undefined when it is this very Mac. */
  sim: SimHost | undefined;
}

/** What the hosts of a fleet have in common. */
interface HostCommons {
  /** Node's arguments that run the agent; by default its source. */
  agentProgram?: readonly string[];
  env: Readonly<Record<string, string>>;
  controlPlaneUrl: () => string;
  enrolmentTokenFile: string;
  flags: Flags;
}

export interface HostOptions extends HostCommons {
  name: string;
  dir: string;
  wrap: readonly string[];
}

/** What an agent would say of a Mac, in place of what it finds on this machine. */
const SIMULATED_FACTS: Flags = { cpu: 12, "memory-mib": 32_768, "os-version": "26.1" };

/** A simulated Mac with an agent; start it with `agent.start()`. */
export async function makeHost(
  options: HostOptions,
  sim: Omit<SimHostOptions, "dir" | "baseEnv">,
): Promise<FleetHost> {
  const mac = await makeSimHost({
    ...sim,
    dir: join(options.dir, options.name),
    baseEnv: { ...options.env },
  });
  return {
    name: options.name,
    agent: makeAgent(
      { ...options, env: mac.env, flags: { ...SIMULATED_FACTS, ...options.flags } },
      tartPath,
      mac.tartHome,
    ),
    tartHome: mac.tartHome,
    sim: mac,
  };
}

/**
 * This Mac with its own tart. The instances are in a TART_HOME of the lab's: an agent removes what has its
 * prefix and is not asked for, and this Mac may have an agent already. The images are the Mac's own, for they
 * are large.
 */
export async function makeRealHost(options: HostOptions): Promise<FleetHost> {
  const tartHome = join(options.dir, options.name, "home");
  const images = join(process.env["TART_HOME"] ?? join(homedir(), ".tart"), "cache");
  await mkdir(images, { recursive: true });
  await mkdir(tartHome, { recursive: true });
  await symlink(images, join(tartHome, "cache"));
  return { name: options.name, agent: makeAgent(options, "tart", tartHome), tartHome, sim: undefined };
}

function makeAgent(options: HostOptions, tart: string, tartHome: string): Program {
  const { name, dir, env, wrap, flags, controlPlaneUrl, enrolmentTokenFile, agentProgram = [MAIN] } = options;
  return makeProgram({
    name,
    logPath: join(dir, `${name}.log`),
    command: () => {
      const settings = {
        url: controlPlaneUrl(),
        name,
        "enrolment-token-file": enrolmentTokenFile,
        "data-dir": join(dir, name, "agent"),
        tart,
        "tart-home": tartHome,
        "machine-id": `lab-machine-${name}`,
        ...flags,
      };
      return nodeCommand(wrap, [...agentProgram, ...flagArguments(settings)], env);
    },
    ready: async (life) => void (await life.logged("connected to the control plane")),
  });
}
