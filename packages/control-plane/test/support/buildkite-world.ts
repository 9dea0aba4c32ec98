import { connectAgent, makeSimBuildkite, type PlayedAgent } from "@tartfleet/ci-sim/buildkite";
import { reveal, type VmRecord } from "@tartfleet/shared";
import { startBuildkite } from "../../src/integrations/buildkite/buildkite.ts";
import type { QueueDefinition } from "../../src/integrations/buildkite/config.ts";
import { callerOf, settle, startFleet } from "./fleet.ts";

/** How a job goes, once an agent has it. Seconds are virtual. */
export interface Course {
  seconds?: number;
  /** False: the agent's process stays after its job. */
  exit?: boolean;
}

interface Guest {
  vmId: string;
  attempt: number;
  host: number;
  agent: PlayedAgent | undefined;
  job: string | undefined;
  until: number;
  idleUntil: number;
  isOver: boolean;
}

export const RUNNER: QueueDefinition = {
  name: "ios",
  queue: "mac",
  token: "bkct_secret",
  image: "ghcr.io/org/image:1",
  os: "macos",
  hostLabels: {},
  min: 0,
  max: 10,
  idleSeconds: 600,
};

const LIVE = "queued,assigned,pulling,cloning,booting,provisioning,ready,draining,stopping".split(",");
const START = 1_780_000_000_000;

/** A Buildkite, a control plane that serves it, and Macs whose guests are played here: all in virtual time. */
export async function startBuildkiteWorld({
  hosts = 2,
  runners = [RUNNER],
  courses = {},
  pollSeconds = 10,
}: {
  hosts?: number;
  runners?: QueueDefinition[];
  /** By the job's name; others take a second. */
  courses?: Record<string, Course>;
  /** So often Buildkite wants to be asked for its metrics. */
  pollSeconds?: number;
} = {}) {
  let now = () => START;
  const buildkite = makeSimBuildkite({ now: () => now(), pollSeconds });
  const told: string[] = [];
  const tell = (about: object, message: string) => void told.push(`${message} ${JSON.stringify(about)}`);
  const fleet = await startFleet({
    startAt: START,
    integrate: (parts) =>
      startBuildkite(
        { url: buildkite.url, runners },
        { log: { info: tell, warn: tell }, fetch: buildkite.fetch },
        parts,
      ),
  });
  now = fleet.clock.now;
  const hostAgents = await Promise.all(
    Array.from({ length: hosts }, (_, index) => fleet.host(`mac-${index + 1}`)),
  );
  const guests = new Map<string, Guest>();
  let lost: ReadonlySet<number> = new Set();

  const vms = (): VmRecord[] =>
    fleet.useCases.listVms({ state: undefined, limit: 500 }).vms.map(({ id }) => fleet.useCases.getVm(id));

  async function exit(guest: Guest, rc: number): Promise<void> {
    guest.isOver = true;
    const { vmId, attempt } = guest;
    await fleet.useCases.endVm(callerOf({ kind: "vm", vmId, attempt }), vmId, { phase: "runner_exited", rc });
  }

  async function bootAndRemove(): Promise<void> {
    for (const [host, hostAgent] of hostAgents.entries()) {
      if (lost.has(host)) continue;
      await hostAgent.heartbeat();
      const { assignments } = await hostAgent.assignments();
      for (const { vmId, attempt, want } of assignments) {
        if (want === "gone") {
          guests.delete(vmId);
          await hostAgent.report({ kind: "gone", vmId, attempt });
        } else if (!guests.has(vmId)) await boot(host, vmId, attempt);
      }
    }
  }

  async function boot(host: number, vmId: string, attempt: number): Promise<void> {
    const hostAgent = hostAgents[host];
    if (!hostAgent) return;
    const known = { kind: "phase" as const, vmId, attempt };
    for (const phase of ["booting", "provisioning"] as const) await hostAgent.report({ ...known, phase });
    const bootstrap = await fleet.useCases.agent
      .bootstrap(hostAgent.host, hostAgent.epoch, { vmId, attempt })
      .catch(() => undefined);
    if (bootstrap?.runner?.kind !== "buildkite") return;
    const { token, queue = "default", idleTimeoutSeconds = 0 } = reveal(bootstrap.runner);
    const agent = await connectAgent(buildkite, { token, queue, name: `${bootstrap.vmName}-${vmId}` }).catch(
      () => undefined,
    );
    const idleUntil = fleet.clock.now() + idleTimeoutSeconds * 1000;
    const guest = { vmId, attempt, host, agent, job: undefined, until: 0, idleUntil, isOver: false };
    guests.set(vmId, guest);
    await hostAgent.report({ ...known, phase: "ready", ip: "192.168.64.2" });
    if (!agent) await exit(guest, 1);
  }

  async function work(): Promise<void> {
    for (const guest of guests.values()) if (!guest.isOver && !lost.has(guest.host)) await workOf(guest);
  }

  /** Buildkite that is away is what agents bear: they ask again, and a job goes on meanwhile. */
  async function workOf(guest: Guest): Promise<void> {
    const { agent, job } = guest;
    if (!agent) return;
    const isCanceled = await agent.beat(job).catch(() => false);
    if (!job) {
      guest.job = await agent.ping().catch(() => undefined);
      const name = buildkite.jobs.all.find(({ id }) => id === guest.job)?.name ?? "";
      guest.until = fleet.clock.now() + (courses[name]?.seconds ?? 1) * 1000;
      if (guest.job || fleet.clock.now() < guest.idleUntil) return;
    } else {
      if (fleet.clock.now() < guest.until && !isCanceled) return;
      const isTold = await agent.finish(job, isCanceled ? 1 : 0).then(
        () => true,
        () => false,
      );
      if (!isTold) return;
      const name = buildkite.jobs.all.find(({ id }) => id === job)?.name ?? "";
      if (courses[name]?.exit === false) {
        guest.isOver = true;
        return;
      }
    }
    await agent.disconnect().catch(() => {});
    await exit(guest, 0);
  }

  const world = {
    buildkite,
    fleet,
    told,
    guests,
    vms,
    live: () => vms().filter(({ state }) => LIVE.includes(state)),
    job: (name: string, more: { retries?: number; queue?: string } = {}) =>
      buildkite.jobs.queue({ name, queue: "mac", ...more }),
    /** These hosts and their guests are silent from now on. */
    lose: (...hostIndexes: number[]) => void (lost = new Set(hostIndexes)),
    /** A guest goes down: its host sees it, and Buildkite hears nothing any more. */
    async crash(vmId: string): Promise<void> {
      const guest = guests.get(vmId);
      if (!guest) throw new Error(`there is no guest of ${vmId}`);
      guest.isOver = true;
      await hostAgents[guest.host]?.report({
        kind: "run_ended",
        vmId,
        attempt: guest.attempt,
        cause: "unknown",
        logTail: "",
      });
    },
    /** Lets virtual time pass, and everybody do what there is to do. */
    async pass(seconds: number, step = 10): Promise<void> {
      for (let passed = 0; passed < seconds; passed += step) {
        await settle();
        await bootAndRemove();
        await work();
        await fleet.clock.pass(step * 1000);
      }
      await settle();
    },
    async until(what: string, holds: () => boolean, minutes = 30, step = 10): Promise<void> {
      for (let turn = 0; turn < (minutes * 60) / step; turn += 1) {
        if (holds()) return;
        await world.pass(step, step);
      }
      throw new Error(`not within ${minutes} virtual minutes: ${what}\n${told.join("\n")}`);
    },
    atRest: (step = 10) =>
      world.until(
        "all jobs over and all VMs gone",
        () =>
          buildkite.jobs.all.every(({ state }) => state === "finished" || state === "canceled") &&
          world.live().length === 0,
        90,
        step,
      ),
    async metric(name: string): Promise<number> {
      const text = await fleet.useCases.metrics();
      const line = text.split("\n").find((each) => each.startsWith(name));
      return Number(line?.split(" ").at(-1) ?? Number.NaN);
    },
    async close(): Promise<void> {
      await settle();
      fleet.close();
      if (fleet.errors.length > 0) throw new Error(`fatal: ${String(fleet.errors[0])}`);
    },
  };
  return world;
}

export type BuildkiteWorld = Awaited<ReturnType<typeof startBuildkiteWorld>>;
