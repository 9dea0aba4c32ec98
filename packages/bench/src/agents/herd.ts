import { startHelper } from "../processes/helper.ts";
import type { HostsProcess, Told } from "./agents-main.ts";

/** A process may open 10,000 files and more on any machine; a host has two sockets at most, its twin's too. */
const HOSTS_OF_A_PROCESS = 2500;
/** So many enrol side by side; more would only keep each other waiting. */
const AT_ONCE = 48;

/** All light hosts of a fleet, in as many processes as they need. */
export type Herd = ReturnType<typeof startHerd>;

export function startHerd(hosts: number) {
  const processes = Array.from({ length: Math.ceil(hosts / HOSTS_OF_A_PROCESS) }, () =>
    startHelper<HostsProcess>(new URL("agents-main.ts", import.meta.url)),
  );
  const calls = processes.map(({ call }) => call);

  /** Has each process do its part of so many. */
  async function inShares(
    count: number,
    part: (call: (typeof calls)[number], share: number) => Promise<void>,
  ): Promise<void> {
    const share = Math.ceil(count / calls.length);
    await Promise.all(
      calls.map((call, index) => part(call, Math.max(0, Math.min(share, count - index * share)))),
    );
  }

  return {
    /** Enrols all hosts and starts their agents; resolves when all have had a session. */
    async add(url: string, enrolmentToken: string): Promise<void> {
      await Promise.all(
        calls.map(({ add }, index) => {
          const from = index * HOSTS_OF_A_PROCESS;
          const count = Math.min(HOSTS_OF_A_PROCESS, hosts - from);
          return add({
            url,
            enrolmentToken,
            from: from + 1,
            count,
            atOnce: Math.ceil(AT_ONCE / calls.length),
          });
        }),
      );
    },
    /** How many sessions are open now. */
    async connected(): Promise<number> {
      const counts = await Promise.all(calls.map(({ connected }) => connected()));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    /** Lets light hosts work on what they are told, or only hear of it. */
    async setGate(isOpen: boolean): Promise<void> {
      await Promise.all(calls.map(({ setGate }) => setGate(isOpen)));
    },
    /** How long jobs last from now on in the mean, in milliseconds; null: until their VMs are ended. */
    async setJobs(lasts: number | null): Promise<void> {
      await Promise.all(calls.map(({ setJobs }) => setJobs(lasts)));
    },
    /** Every VM that an agent was told of since the last call, with when; and how many were told to two. */
    async takeTold(): Promise<{ told: Told[]; doubled: number }> {
      const taken = await Promise.all(calls.map(({ takeTold }) => takeTold()));
      const told = taken.flatMap((part) => part.told);
      const twice = told.length - new Set(told.map(({ vmId }) => vmId)).size;
      return { told, doubled: taken.reduce((sum, part) => sum + part.doubled, twice) };
    },
    /** How long each slot has waited since the last call, from an instance that was gone to the next assignment; milliseconds. */
    async takeTurnarounds(): Promise<number[]> {
      return (await Promise.all(calls.map(({ takeTurnarounds }) => takeTurnarounds()))).flat();
    },
    /** The first unexpected thing that an agent said, if any. */
    async fault(): Promise<string | undefined> {
      return (await Promise.all(calls.map(({ fault }) => fault()))).find((said) => said !== undefined);
    },
    /** So many more bare WebSockets, that beat as agents do. */
    connectRaw: (url: string, count: number) =>
      inShares(count, ({ connectRaw }, share) => connectRaw(url, share)),
    /** So many on `trpc-main.ts`. */
    connectTrpc: (url: string, count: number) =>
      inShares(count, ({ connectTrpc }, share) => connectTrpc(url, share)),
    /** So many messages to and fro on one bare socket, one after the other; milliseconds each. */
    async echoRaw(count: number): Promise<number[]> {
      const [first] = calls;
      return first ? first.echoRaw(count) : [];
    },
    async stop(): Promise<void> {
      await Promise.all(processes.map(({ stop }) => stop()));
    },
  };
}
