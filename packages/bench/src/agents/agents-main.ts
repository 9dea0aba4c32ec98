import { enrol } from "@tartfleet/agent/src/link/enrol.ts";
import type { Log } from "@tartfleet/agent/src/log.ts";
import { Pool } from "undici";
import { serveParent } from "../processes/helper.ts";
import { monotonicMs } from "../processes/monotonic.ts";
import { createLightAgent } from "./light-agent.ts";
import { createGate } from "./light-tart.ts";
import { BARE, createRawAgents, TRPC } from "./raw-agents.ts";

const ENROLMENT_TRIES = 5;

/** When an agent was first told of a VM. */
export interface Told {
  vmId: string;
  /** On the machine's monotonic clock, in milliseconds. */
  at: number;
}

/** Beside thousands of others a machine may have to ask twice. */
async function enrolPatiently(url: string, token: string, name: string) {
  for (let left = ENROLMENT_TRIES; ; left -= 1) {
    const enrolled = await enrol(url, token, { name, machineId: `machine-${name}` }, {});
    if (enrolled.ok || enrolled.failure.kind !== "unreachable" || left === 1) return enrolled;
  }
}

export interface AddHosts {
  url: string;
  enrolmentToken: string;
  /** The number in the first one's name. */
  from: number;
  count: number;
  atOnce: number;
}

/** Many hosts in one process. */
const hosts = (() => {
  const gate = createGate();
  const over = new AbortController();
  const told = new Map<string, number>();
  const attempts = new Set<string>();
  /** When a host's last instance was gone, until it is told of the next one. */
  const gone = new Map<string, number>();
  let turnarounds: number[] = [];
  const raw = createRawAgents(BARE, (vmId) => void told.set(vmId, monotonicMs()));
  const trpc = createRawAgents(TRPC, () => {});
  let jobMs: number | null = 0;
  let sessions = 0;
  let doubled = 0;
  let fault: string | undefined;
  let guests: Pool | undefined;

  const say =
    (level: string) =>
    (fields: object, message: string): void => {
      if (level === "error") fault ??= `${message} ${JSON.stringify(fields)}`;
    };
  const log: Log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };

  function note(vmId: string, attempt: number, host: string): void {
    if (!told.has(vmId)) told.set(vmId, monotonicMs());
    const place = `${vmId} ${attempt} ${host}`;
    if (attempts.has(place)) return;
    attempts.add(place);
    const goneAt = gone.get(host);
    if (goneAt !== undefined) turnarounds.push(monotonicMs() - goneAt);
    gone.delete(host);
    if (attempts.has(vmId)) doubled += 1;
    attempts.add(vmId);
  }

  async function start(url: string, enrolmentToken: string, name: string): Promise<void> {
    const enrolled = await enrolPatiently(url, enrolmentToken, name);
    if (!enrolled.ok) throw new Error(`${name} was not enrolled: ${enrolled.failure.message}`);
    const { promise: isThere, resolve: arrive } = Promise.withResolvers<void>();
    const agent = createLightAgent({
      url,
      name,
      credential: enrolled.value.credential,
      gate,
      // Evenly between nothing and twice as long: what began together does not end together.
      jobMs: () => jobMs && 2 * jobMs * Math.random(),
      async sayExited(vmId, { vmToken }) {
        const response = await guests?.request({
          path: `/v1/vms/${vmId}?phase=runner_exited&rc=0`,
          method: "DELETE",
          headers: { authorization: `Bearer ${vmToken.reveal()}` },
        });
        await response?.body.dump();
      },
      onSet({ assignments }) {
        for (const { vmId, attempt } of assignments) note(vmId, attempt, name);
      },
      onDeleted: () => void gone.set(name, monotonicMs()),
      onSession(isOpen) {
        sessions += isOpen ? 1 : -1;
        arrive();
      },
      log,
    });
    void agent.run(over.signal);
    await isThere;
  }

  return {
    /** Enrols hosts and starts their agents, so many side by side; resolves when all have had a session. */
    async add(options: AddHosts): Promise<void> {
      guests ??= new Pool(options.url, { connections: 64 });
      const names = Array.from({ length: options.count }, (_, index) => `mac-${options.from + index}`);
      const next = names.values();
      const lane = async () => {
        for (const name of next) await start(options.url, options.enrolmentToken, name);
      };
      await Promise.all(Array.from({ length: options.atOnce }, lane));
    },
    /** How many sessions are open now. */
    connected: (): number => sessions,
    /** Lets light hosts work on what they are told, or only hear of it. */
    setGate: (isOpen: boolean): void => (isOpen ? gate.open() : gate.close()),
    /** How long jobs last from now on in the mean, in milliseconds; null: until their VMs are ended. */
    setJobs: (lasts: number | null): void => void (jobMs = lasts),
    /** Every VM that an agent was told of since the last call, with when; and how many were told to two. */
    takeTold(): { told: Told[]; doubled: number } {
      const taken = { told: [...told].map(([vmId, at]): Told => ({ vmId, at })), doubled };
      told.clear();
      attempts.clear();
      doubled = 0;
      return taken;
    },
    /** How long each slot has waited since the last call, from an instance that was gone to the next assignment; milliseconds. */
    takeTurnarounds(): number[] {
      const taken = turnarounds;
      turnarounds = [];
      gone.clear();
      return taken;
    },
    /** The first unexpected thing that an agent said, if any. */
    fault: (): string | undefined => fault,
    connectRaw: raw.connect,
    connectTrpc: trpc.connect,
    echoRaw: raw.echo,
  };
})();

export type HostsProcess = typeof hosts;

serveParent(hosts);
