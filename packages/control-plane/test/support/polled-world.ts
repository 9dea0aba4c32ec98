import { reveal, type RevealedRunner, type VmRecord } from "@tartfleet/shared";
import { vi } from "vitest";
import type { Integrate, IntegrationParts } from "../../src/engine/integration.ts";
import type { CiLog } from "../../src/integrations/log.ts";
import { callerOf, settle, startFleet } from "./fleet.ts";

/** How a job goes, once a runner has it. Seconds are virtual. */
export interface Course {
  seconds?: number;
  /** False: the runner's process stays after its job. */
  exit?: boolean;
}

/** What a guest's runner does at its CI system. */
interface PlayedRunner<Job> {
  /** It asks for a job; `exit`: it gives up by itself. */
  ask(): Job | "exit" | undefined;
  /** A sign of life while it has a job. */
  beat?(job: Job): void;
  finish(job: Job): void;
  /** Its process, or its guest, is no more. */
  leave(): void;
}

/** A stand-in of a CI system that is polled. */
export interface PolledSystem<Job> {
  start(parts: IntegrationParts, log: CiLog): ReturnType<Integrate>;
  jobs(): readonly (Job & { name: string; result: string | undefined; starts: number })[];
  /** Undefined: it cannot register, and exits with 1. */
  connect(name: string, runner: RevealedRunner, now: () => number): PlayedRunner<Job> | undefined;
}

interface Guest<Job> {
  vmId: string;
  attempt: number;
  host: number;
  runner: PlayedRunner<Job> | undefined;
  job: Job | undefined;
  until: number;
  isOver: boolean;
}

const LIVE = "queued,assigned,pulling,cloning,booting,provisioning,ready,draining,stopping".split(",");
const START = 1_780_000_000_000;

/** A CI system, a control plane that serves it, and Macs whose guests are played here: all in virtual time. */
export async function startPolledWorld<Job extends { name: string }>(
  makeSystem: (now: () => number) => PolledSystem<Job>,
  {
    hosts = 2,
    courses = {},
    mutes = 0,
  }: { hosts?: number; courses?: Record<string, Course>; mutes?: number } = {},
) {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  const system = makeSystem(Date.now);
  const told: string[] = [];
  const log = {
    info: (about: object, message: string) => void told.push(`${message} ${JSON.stringify(about)}`),
    warn: (about: object, message: string) => void told.push(`${message} ${JSON.stringify(about)}`),
  };
  const fleet = await startFleet({
    startAt: START,
    // Time passes in strides of a minute, and hosts must not seem silent in between.
    config: { leaseSeconds: 120, silentGraceSeconds: 120 },
    integrate: (parts) => system.start(parts, log),
  });
  const agents = await Promise.all(
    Array.from({ length: hosts }, (_, index) => fleet.host(`mac-${index + 1}`)),
  );
  const guests = new Map<string, Guest<Job>>();
  const secrets = new Set<string>();
  let isLost: ReadonlySet<number> = new Set();
  let silent = mutes;

  const vms = (): VmRecord[] =>
    fleet.useCases.listVms({ state: undefined, limit: 500 }).vms.map(({ id }) => fleet.useCases.getVm(id));

  async function exit({ vmId, attempt }: Guest<Job>, rc: number): Promise<void> {
    const caller = callerOf({ kind: "vm" as const, vmId, attempt });
    await fleet.useCases.endVm(caller, vmId, { phase: "runner_exited", rc });
  }

  async function bootAndRemove(): Promise<void> {
    for (const [index, agent] of agents.entries()) {
      if (isLost.has(index)) continue;
      await agent.heartbeat();
      const { assignments } = await agent.assignments();
      for (const { vmId, attempt, want } of assignments) {
        const known = { kind: "phase" as const, vmId, attempt };
        if (want === "gone") {
          guests.get(vmId)?.runner?.leave();
          guests.delete(vmId);
          await agent.report({ kind: "gone", vmId, attempt });
        } else if (!guests.has(vmId)) {
          for (const phase of ["booting", "provisioning"] as const) await agent.report({ ...known, phase });
          const bootstrap = await fleet.useCases.agent
            .bootstrap(agent.host, agent.epoch, { vmId, attempt })
            .catch(() => undefined);
          if (!bootstrap?.runner) continue;
          const runner = reveal(bootstrap.runner);
          if ("token" in runner) secrets.add(runner.token);
          silent -= 1;
          const isMute = silent >= 0;
          const played = isMute
            ? { ask: () => undefined, finish: () => {}, leave: () => {} }
            : system.connect(`${bootstrap.vmName}-${vmId}`, runner, fleet.clock.now);
          const guest = {
            vmId,
            attempt,
            host: index,
            runner: played,
            job: undefined,
            until: 0,
            isOver: !played,
          };
          guests.set(vmId, guest);
          await agent.report({ ...known, phase: "ready", ip: "192.168.64.2" });
          if (!played) await exit(guest, 1);
        }
      }
    }
  }

  async function work(): Promise<void> {
    for (const guest of guests.values()) {
      const { runner, job } = guest;
      if (guest.isOver || !runner || isLost.has(guest.host)) continue;
      if (!job) {
        const asked = runner.ask();
        if (asked === "exit") {
          guest.isOver = true;
          runner.leave();
          await exit(guest, 0);
        } else if (asked) {
          guest.job = asked;
          guest.until = fleet.clock.now() + (courses[asked.name]?.seconds ?? 1) * 1000;
        }
        continue;
      }
      runner.beat?.(job);
      const isTold = system.jobs().find(({ name }) => name === job.name)?.result !== undefined;
      if (fleet.clock.now() < guest.until && !isTold) continue;
      guest.isOver = true;
      runner.finish(job);
      if (courses[job.name]?.exit === false) continue;
      runner.leave();
      await exit(guest, 0);
    }
  }

  const world = {
    fleet,
    told,
    secrets,
    guests,
    vms,
    live: () => vms().filter(({ state }) => LIVE.includes(state)),
    /** The agents of these hosts, by their index, say and do nothing from now on; and their guests are no more. */
    lose(...indexes: number[]): void {
      isLost = new Set(indexes);
      for (const { host, runner } of guests.values()) if (isLost.has(host)) runner?.leave();
    },
    /** A guest's operating system goes down: its host sees it. */
    async crash(vmId: string): Promise<void> {
      const guest = guests.get(vmId);
      if (!guest) throw new Error(`there is no guest of ${vmId}`);
      guest.isOver = true;
      guest.runner?.leave();
      await agents[guest.host]?.report({ kind: "gone", vmId, attempt: guest.attempt });
    },
    async pass(seconds: number, step = 10): Promise<void> {
      for (let passed = 0; passed < seconds; passed += step) {
        await settle();
        await bootAndRemove();
        await work();
        vi.setSystemTime(fleet.clock.now() + step * 1000);
        await fleet.clock.pass(step * 1000);
      }
      await settle();
    },
    async until(what: string, holds: () => boolean, minutes = 30): Promise<void> {
      // Finely at first, where much happens.
      for (let passed = 0, step = 10; passed < minutes * 60; passed += step) {
        if (holds()) return;
        step = passed < 60 ? 10 : 60;
        await world.pass(step, step);
      }
      throw new Error(`not within ${minutes} virtual minutes: ${what}\n${told.join("\n")}`);
    },
    atRest: () =>
      world.until(
        "all jobs done and all VMs gone",
        () => system.jobs().every(({ result }) => result !== undefined) && world.live().length === 0,
        90,
      ),
    async metric(name: string): Promise<number> {
      const text = await fleet.useCases.metrics();
      return Number(
        text
          .split("\n")
          .find((each) => each.startsWith(name))
          ?.split(" ")
          .at(-1) ?? Number.NaN,
      );
    },
    async close(): Promise<void> {
      await settle();
      fleet.close();
      vi.useRealTimers();
      if (fleet.errors.length > 0) throw new Error(`fatal: ${String(fleet.errors[0])}`);
    },
  };
  return world;
}
