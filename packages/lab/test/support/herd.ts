import { enrol } from "@tartfleet/agent/src/link/enrol.ts";
import { createLink, type Link } from "@tartfleet/agent/src/link/link.ts";
import { trpcControlPlane } from "@tartfleet/agent/src/link/trpc-control-plane.ts";
import { systemClock } from "@tartfleet/agent/src/clock.ts";
import type { AssignmentSet, HostFacts } from "@tartfleet/shared";

const FACTS: HostFacts = {
  agentVersion: "0.1.0",
  tartVersion: "2.40.1",
  osVersion: "26.1",
  arch: "arm64",
  cpu: 12,
  memoryMiB: 32_768,
  diskTotalGiB: 500,
  diskFreeGiB: 300,
  labels: {},
  images: [],
  foreign: [],
  phantomSlots: 0,
};
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

/** One agent's tie to the control plane, without a Mac behind it. */
interface Tie {
  link: Link;
  /** Sessions that were opened so far. */
  sessions: number;
  isOpen: boolean;
  set: AssignmentSet | undefined;
}

/** Many agents' links, as agents make them, in this process. */
export interface Herd {
  ties: readonly Tie[];
  connected(): number;
  stop(): Promise<void>;
}

/** Enrols so many hosts and connects them. */
export async function startHerd(url: string, enrolmentToken: string, count: number): Promise<Herd> {
  const stop = new AbortController();
  const running: Promise<unknown>[] = [];
  const ties: Tie[] = [];
  for (let number = 1; number <= count; number += 1) {
    const name = `herd-${number}`;
    const machineId = `machine-of-${name}`;
    const enrolled = await enrol(url, enrolmentToken, { name, machineId }, {});
    if (!enrolled.ok) throw new Error(enrolled.failure.message);
    const { credential } = enrolled.value;
    const link = createLink({
      controlPlane: trpcControlPlane({ url, credential: () => ({ token: credential, trust: {} }) }),
      clock: systemClock,
      random: Math.random,
      log: QUIET,
      host: {
        describe: async () => ({ machineId, facts: FACTS, instances: [] }),
        onWelcome() {
          tie.sessions += 1;
          tie.isOpen = true;
        },
        onSet(set) {
          tie.set = set;
        },
        onLost() {
          tie.isOpen = false;
        },
      },
    });
    const tie: Tie = { link, sessions: 0, isOpen: false, set: undefined };
    ties.push(tie);
    running.push(link.run(stop.signal));
  }
  return {
    ties,
    connected: () => ties.filter(({ isOpen }) => isOpen).length,
    async stop() {
      stop.abort();
      await Promise.all(running);
    },
  };
}
