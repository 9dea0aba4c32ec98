import { createMachine, type Machine } from "../host/machine.ts";
import { createSimGuests } from "../host/sim-guests.ts";
import { createSimTart } from "../host/sim-tart.ts";
import type { Bugs } from "../mutations/bugs.ts";
import { createAgentSite, type AgentSite } from "./agent-site.ts";
import type { Clients } from "./clients.ts";
import type { ControlPlaneSite } from "./control-plane.ts";
import { createGuestSide } from "./guests.ts";
import type { Http } from "./http.ts";
import type { World } from "./world.ts";

/** How long launchd waits until it starts an agent again. */
const RESTART_MS = 10_000;
/** An agent that ended by itself is left alone for longer. */
const RETURN_MS = 60_000;

/** A Mac of the fleet, its agent, and what keeps the agent running. */
export interface HostSite extends AgentSite {
  machineId: string;
  hostName: string;
  /** How long it takes until the next agent that dies is started again. */
  nextRestart(milliseconds: number): void;
  /** The machine was enrolled anew: its agent is started again, with the new credential. */
  useCredential(credential: string): void;
  credential(): string;
  /** Starts the agent unless one runs. */
  ensureAgent(): void;
}

export interface HostParts {
  world: World;
  site: ControlPlaneSite;
  http: Http;
  clients: Clients;
  bugs: Bugs;
  number: number;
  /** Makes the host part of the fleet. */
  enrol(name: string, machineId: string): Promise<string>;
  onRunAsked(machine: Machine, name: string): void;
  onLook(machine: Machine, listed: readonly string[]): void;
}

export async function createHostSite(parts: HostParts): Promise<HostSite> {
  const { world, site, http, clients, bugs, number } = parts;
  const { ledger, timeline, trace, counts } = world;
  const machine = createMachine({
    number,
    timeline,
    trace,
    counts,
    random: world.random.stream(`machine ${number}`),
    onRunEnd({ name }) {
      if (!ledger.endedByAgent.has(name)) ledger.endedByItself.add(name);
    },
  });
  const hostName = machine.name;
  const machineId = `machine-${number}`;
  const startRunner = createGuestSide({
    world,
    http,
    machine,
    jobOf: clients.jobOf,
    stranger: (vmId) => [...ledger.acknowledged].find((other) => other !== vmId),
  });
  const onKill = ({ name }: { name: string }) => void ledger.endedByAgent.add(name);
  const tart = createSimTart(machine, {
    onRun: ({ name }) => parts.onRunAsked(machine, name),
    onLook: (listed) => parts.onLook(machine, listed),
    onImageRemoved(reference) {
      const made = [...machine.vms.values()].find(
        ({ image, isSaidGone }) => image === reference && isSaidGone !== true,
      );
      if (!made) return;
      world.fail({
        invariant: "images-of-vms-stay",
        message: `${reference} was removed from ${machine.name} while ${made.name} is there, which was made from it`,
      });
    },
    onKill,
  });
  let restartMs = RESTART_MS;
  let credential = await parts.enrol(hostName, machineId);

  const agents = createAgentSite({
    world,
    site,
    bugs,
    machine,
    tart,
    guests: createSimGuests(machine, startRunner, onKill),
    credential: () => credential,
    machineId,
    onEnd(life) {
      restartMs = RETURN_MS;
      life.process.kill();
    },
    onDeath() {
      timeline.after(restartMs, ensureAgent);
      restartMs = RESTART_MS;
    },
  });

  function ensureAgent(): void {
    if (machine.isUp && agents.lives.length === 0) agents.start(agents.home);
  }

  return Object.assign(agents, {
    machineId,
    hostName,
    nextRestart(milliseconds: number) {
      restartMs = milliseconds;
    },
    credential: () => credential,
    useCredential(next: string) {
      credential = next;
      for (const { process } of agents.lives) process.kill();
    },
    ensureAgent,
  });
}
