import { createAgent, type AgentParts } from "@tartfleet/agent/src/agent.ts";
import { factsOf, type FixedFacts } from "@tartfleet/agent/src/host/facts.ts";
import { DEFAULT_TIMING, type Guests, type RunLogs } from "@tartfleet/agent/src/host/ports.ts";
import type { LinkEnd } from "@tartfleet/agent/src/link/link.ts";
import { DEFAULT_LIMITS } from "@tartfleet/agent/src/reconcile/limits.ts";
import type { Tart } from "@tartfleet/agent/src/tart/tart.ts";
import { createSimJournal, createSimPulledImages, createSimRunLogs } from "../host/disk.ts";
import type { DataDir, Machine } from "../host/machine.ts";
import { createSimResolver } from "../host/registry.ts";
import type { Bugs } from "../mutations/bugs.ts";
import { sizeOfHost } from "../plan/wishes.ts";
import { createProcess, type Process } from "../world/process.ts";
import type { ControlPlaneSite } from "./control-plane.ts";
import { EPOCH } from "./control-plane.ts";
import { simulatedLink } from "./link.ts";
import { createSockets, type Sockets } from "./socket.ts";
import type { World } from "./world.ts";

/** One life of an agent on a machine. */
interface AgentLife {
  process: Process;
  dataDir: DataDir;
  sockets: Sockets;
}

/** A machine with the agents that run on it: one, as a rule. */
export interface AgentSite {
  machine: Machine;
  readonly lives: readonly AgentLife[];
  /** The data directory that belongs there. */
  readonly home: DataDir;
  start(dataDir: DataDir): AgentLife;
  /** Another data directory, as a second agent on the machine would have. */
  newDataDir(): DataDir;
  repeatReports(until: number): void;
  jumpClock(milliseconds: number): void;
}

export interface AgentSiteParts {
  world: World;
  site: ControlPlaneSite;
  bugs: Bugs;
  machine: Machine;
  tart: Tart;
  guests: Guests;
  /** As it is when an agent starts. */
  credential(): string;
  machineId: string;
  /** An agent's process has come to its own end. */
  onEnd(life: AgentLife, end: LinkEnd): void;
  onDeath(life: AgentLife): void;
}

const fixedFacts = (machine: Machine): FixedFacts => ({
  agentVersion: "0.1.0",
  tartVersion: "2.40.1",
  osVersion: "26.1",
  arch: "arm64",
  ...sizeOfHost(machine.number),
  labels: {},
  resolvesTags: true,
});

export function createAgentSite(parts: AgentSiteParts): AgentSite {
  const { world, site, bugs, machine } = parts;
  const { timeline, trace } = world;
  const random = world.random.stream(`agents ${machine.name}`);
  const lives = new Set<AgentLife>();
  let dataDirs = 0;
  let clockOffset = random.int(-60_000, 60_000);
  let repeatsUntil = 0;
  let births = 0;

  function newDataDir(): DataDir {
    dataDirs += 1;
    return {
      path: `${machine.name}/agent-${dataDirs}`,
      journal: new Map(),
      pulledImages: [],
      lost: new Set(),
    };
  }
  const home = newDataDir();

  function partsOf(life: AgentLife): AgentParts {
    const { process, dataDir, sockets } = life;
    const credential = parts.credential();
    const stream = random.stream(process.name);
    const resolver = bound(process, createSimResolver(machine, stream.stream("registry")));
    const say = (level: string) => (fields: object, message: string) => {
      if (!process.isAlive()) return;
      const text = `${level} ${message} ${JSON.stringify(fields)}`;
      world.said.push(text);
      if (level !== "debug") trace.note(process.name, text);
    };
    return {
      controlPlane: simulatedLink({
        world,
        site,
        process,
        place: machine.name,
        credential: () => credential,
        sockets,
        repeatsUntil: () => repeatsUntil,
      }),
      machineId: parts.machineId,
      agentId: dataDir.path,
      resolveTag: (reference, signal) => resolver.resolveTag(reference, signal),
      facts: async (view) => factsOf(fixedFacts(machine), view, { diskTotalGiB: 500, diskFreeGiB: 300 }),
      tart: bound(process, parts.tart),
      guests: bound(process, parts.guests),
      journal: bound(process, createSimJournal(machine, dataDir)),
      pulledImages: bound(process, createSimPulledImages(machine, dataDir)),
      runLogs: boundLogs(process, createSimRunLogs(machine, dataDir)),
      clock: process.clock,
      random: stream.next,
      log: { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") },
      limits: DEFAULT_LIMITS,
      timing: DEFAULT_TIMING,
    };
  }

  return {
    machine,
    get lives() {
      return [...lives];
    },
    home,
    newDataDir,
    start(dataDir) {
      births += 1;
      const sockets = createSockets();
      const process = createProcess({
        name: `agent@${machine.number}#${births}`,
        timeline,
        monotonicAtBirth: random.between(0, 1_000_000),
        pace: random.between(0.999, 1.001),
        wallOffset: () => EPOCH + clockOffset,
        onDeath() {
          lives.delete(life);
          // The kernel closes what it had open, unless the machine itself is gone.
          if (machine.isUp) sockets.reset();
          else sockets.die();
          trace.note(process.name, "is dead");
          parts.onDeath(life);
        },
      });
      const life: AgentLife = { process, dataDir, sockets };
      lives.add(life);
      trace.note(process.name, `starts on ${dataDir.path}`);
      createAgent(bugs.agent(partsOf(life)))
        .run(new AbortController().signal)
        .then((end) =>
          process.deliver(() => {
            trace.note(process.name, `ends by itself: ${JSON.stringify(end)}`);
            parts.onEnd(life, end);
          }),
        )
        .catch((error: unknown) =>
          process.deliver(() => world.fail({ invariant: "stays-up", message: String(error) })),
        );
      return life;
    },
    repeatReports(until) {
      repeatsUntil = Math.max(repeatsUntil, until);
    },
    jumpClock(milliseconds) {
      clockOffset += milliseconds;
    },
  };
}

/** The same thing as a process sees it: each call is a point at which it may die. */
function bound<T extends object>(process: Process, thing: T): T {
  return new Proxy(thing, {
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) =>
        process.ask(async () => {
          const answer: unknown = await Reflect.apply(value, target, args);
          return answer;
        });
    },
  });
}

function boundLogs(process: Process, logs: RunLogs): RunLogs {
  const { exists, remove } = bound(process, logs);
  return { path: logs.path, exists, remove };
}
