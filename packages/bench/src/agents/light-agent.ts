import { createAgent, type Agent } from "@tartfleet/agent/src/agent.ts";
import { systemClock } from "@tartfleet/agent/src/clock.ts";
import { factsOf, type FixedFacts } from "@tartfleet/agent/src/host/facts.ts";
import { DEFAULT_TIMING, type RunLogs } from "@tartfleet/agent/src/host/ports.ts";
import type { Journal } from "@tartfleet/agent/src/journal/journal.ts";
import type { ControlPlane } from "@tartfleet/agent/src/link/control-plane.ts";
import { trpcControlPlane } from "@tartfleet/agent/src/link/trpc-control-plane.ts";
import type { Log } from "@tartfleet/agent/src/log.ts";
import type { Entry } from "@tartfleet/agent/src/reconcile/instance.ts";
import { DEFAULT_LIMITS } from "@tartfleet/agent/src/reconcile/limits.ts";
import type { AssignmentSet } from "@tartfleet/shared";
import { createLightGuests, type JobLength, type SayExited } from "./light-guests.ts";
import { createLightTart, type Gate } from "./light-tart.ts";

export interface LightAgentOptions {
  url: string;
  name: string;
  credential: string;
  gate: Gate;
  jobMs: JobLength;
  sayExited: SayExited;
  /** Every set of assignments, as it arrives. */
  onSet(set: AssignmentSet): void;
  /** An instance is gone. */
  onDeleted(): void;
  onSession(isOpen: boolean): void;
  log: Log;
}

/** Nothing happens on a light host that its agent is not told of. */
const LOOK_MS = 60_000;

const FACTS: FixedFacts = {
  agentVersion: "0.1.0",
  tartVersion: "2.40.1",
  osVersion: "26.1",
  arch: "arm64",
  cpu: 12,
  memoryMiB: 65_536,
  labels: {},
};

/** The real agent, its link and its reconciling; tart, its guests and its disk are replaced in this process. */
export function createLightAgent(options: LightAgentOptions): Agent {
  const { url, name, credential, gate, jobMs, sayExited, onSet, onDeleted, onSession, log } = options;
  const vms = createLightTart(gate, onDeleted);
  return createAgent({
    controlPlane: heard(
      trpcControlPlane({ url, credential: () => ({ token: credential, trust: {} }) }),
      onSet,
    ),
    machineId: `machine-${name}`,
    agentId: `agent-${name}`,
    facts: async (view) => factsOf(FACTS, view, { diskTotalGiB: 1000, diskFreeGiB: 500 }),
    tart: vms.tart,
    guests: createLightGuests(vms, jobMs, sayExited),
    journal: memoryJournal(),
    pulledImages: { load: async () => [], save: async () => {} },
    runLogs: memoryRunLogs(),
    onSession,
    clock: systemClock,
    random: Math.random,
    log,
    limits: DEFAULT_LIMITS,
    timing: { ...DEFAULT_TIMING, lookMs: LOOK_MS, imagesMs: LOOK_MS },
  });
}

/** The same control plane, with somebody listening in. */
function heard(controlPlane: ControlPlane, onSet: (set: AssignmentSet) => void): ControlPlane {
  return {
    async connect(signal) {
      const answer = await controlPlane.connect(signal);
      if (!answer.ok) return answer;
      const { value: connection } = answer;
      return {
        ok: true,
        value: {
          ...connection,
          assignments: (epoch, take, until) =>
            connection.assignments(
              epoch,
              (set) => {
                onSet(set);
                take(set);
              },
              until,
            ),
        },
      };
    },
  };
}

function memoryJournal(): Journal {
  const entries = new Map<string, Entry>();
  return {
    load: async () => new Map(entries),
    save: async (name, entry) => void entries.set(name, entry),
    remove: async (name) => void entries.delete(name),
  };
}

function memoryRunLogs(): RunLogs {
  return { path: (name) => name, exists: async () => true, remove: async () => {} };
}
