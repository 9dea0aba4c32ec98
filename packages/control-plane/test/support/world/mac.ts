import { PROTOCOL_VERSION, type AssignmentSet, type Bootstrap, type Report } from "@tartfleet/shared";
import type { HostCaller } from "../../../src/engine/use-cases.ts";
import { CI, callerOf, FACTS } from "../fleet.ts";
import type { Door } from "./door.ts";
import { startGuest, type Guest, type GuestShell } from "./guest.ts";
import type { Life, Plane } from "./plane.ts";
import type { Time } from "./time.ts";

/** Half as often as a real agent does, and still within its lease. */
const HEARTBEAT_MS = 20_000;
const RETURN_MS = 5000;
const ASK_AGAIN_MS = 20_000;
const STOP_MS = 3000;

/** An instance on the Mac's disk. */
interface Instance {
  vmId: string;
  attempt: number;
  state: "coming" | "running" | "over" | "going";
  guest: Guest | undefined;
}

export interface MacParts {
  time: Time;
  plane: Plane;
  door: Door;
  /** How long a guest takes from its clone to its first answer. */
  bootMs(): number;
  /** Runs the runner that the credential is for, from its start to its exit code. */
  run(credential: Bootstrap["runner"], guest: GuestShell): Promise<number>;
}

/** A Mac with an agent: it makes what it is told to have, tells what it sees, and comes back after every fault. */
export async function startMac({ time, plane, door, bootMs, run }: MacParts, name: string) {
  const machineId = `machine-${name}`;
  const { credential } = await plane.useCases.enrolHost(CI, { name, machineId });
  const principal = plane.useCases.authenticate(credential);
  if (principal?.kind !== "host") throw new Error("the credential is not a host's");
  const caller: HostCaller = callerOf(principal);
  const disk = new Map<string, Instance>();
  let power = new AbortController();
  let session: { life: Life; epoch: number } | undefined;
  let bootsInVain = 0;

  const keyOf = ({ vmId, attempt }: { vmId: string; attempt: number }) => `${vmId}-${attempt}`;
  /** What a Mac that is off waits for never comes. */
  const nap = async ({ signal }: AbortController, milliseconds: number): Promise<void> => {
    await time.sleep(milliseconds);
    if (signal.aborted) await new Promise(() => {});
  };

  /** Asks the control plane until it answers. */
  async function ask<T>(
    on: AbortController,
    act: (at: { life: Life; epoch: number }) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const at = session;
      if (at && !at.life.over.aborted) {
        try {
          const answer = await act(at);
          if (!on.signal.aborted) return answer;
        } catch {
          // It is asked again.
        }
      }
      await nap(on, ASK_AGAIN_MS);
    }
  }

  const report = (on: AbortController, ...reports: Report[]) =>
    ask(on, ({ life, epoch }) => life.useCases.agent.report(caller, epoch, reports));

  async function bringUp(on: AbortController, instance: Instance): Promise<void> {
    const { vmId, attempt } = instance;
    const about = { vmId, attempt };
    const phase = (reached: "cloning" | "booting" | "provisioning" | "ready") =>
      report(on, { kind: "phase", ...about, phase: reached, ip: "192.168.64.2" });
    const isWanted = () => instance.state === "coming";
    await phase("cloning");
    await phase("booting");
    await nap(on, bootMs());
    if (!isWanted()) return;
    if (bootsInVain > 0) {
      bootsInVain -= 1;
      instance.state = "over";
      return void (await report(on, { kind: "run_ended", ...about, cause: "guest_crashed", logTail: "" }));
    }
    await phase("provisioning");
    const bootstrap = await ask(on, async ({ life, epoch }) => {
      // Given up meanwhile: there is nothing to ask for.
      if (!isWanted()) return undefined;
      return life.useCases.agent.bootstrap(caller, epoch, about);
    });
    if (!bootstrap || !isWanted()) return;
    instance.state = "running";
    instance.guest = startGuest({
      time,
      door,
      ...about,
      token: bootstrap.vmToken.reveal(),
      noJobSeconds: bootstrap.noJobSeconds ?? 0,
      run: (guest) => run(bootstrap.runner, guest),
      onEnd(cause) {
        instance.state = "over";
        void report(on, { kind: "run_ended", ...about, cause, logTail: "" });
      },
    });
    await phase("ready");
  }

  async function remove(on: AbortController, instance: Instance): Promise<void> {
    instance.state = "going";
    instance.guest?.kill();
    await nap(on, STOP_MS);
    disk.delete(keyOf(instance));
    await report(on, { kind: "gone", vmId: instance.vmId, attempt: instance.attempt });
  }

  function reconcile(on: AbortController, { assignments }: AssignmentSet): void {
    const wanted = new Set<string>();
    for (const { vmId, attempt, want } of assignments) {
      const key = keyOf({ vmId, attempt });
      const instance = disk.get(key);
      if (want === "running") {
        wanted.add(key);
        if (instance) continue;
        const made: Instance = { vmId, attempt, state: "coming", guest: undefined };
        disk.set(key, made);
        void bringUp(on, made);
      } else if (!instance) void report(on, { kind: "gone", vmId, attempt });
    }
    for (const [key, instance] of disk)
      if (!wanted.has(key) && instance.state !== "going") void remove(on, instance);
  }

  async function connect(on: AbortController): Promise<void> {
    const life = plane.life();
    if (!life) return;
    const { agent } = life.useCases;
    const instances = [...disk.values()].map(({ vmId, attempt, guest }) => ({
      vmId,
      attempt,
      running: guest?.isAlive() ?? false,
      os: "macos" as const,
    }));
    const hello = { protocol: PROTOCOL_VERSION, machineId, facts: FACTS, instances };
    const { epoch } = await agent.hello(caller, hello);
    session = { life, epoch };
    const isOver = AbortSignal.any([on.signal, life.over]);
    const beat = async (): Promise<void> => {
      while (!isOver.aborted) {
        await time.sleep(HEARTBEAT_MS);
        if (!isOver.aborted) await agent.heartbeat(caller, epoch, {});
      }
    };
    const beating = beat().catch(() => {});
    for await (const set of agent.assignments(caller, epoch, isOver)) reconcile(on, set);
    await beating;
  }

  async function work(on: AbortController): Promise<void> {
    while (!on.signal.aborted) {
      await connect(on).catch(() => {});
      await nap(on, RETURN_MS);
    }
  }
  void work(power);

  return {
    name,
    /** The guests that run there. */
    guests: () => [...disk.values()].flatMap(({ guest }) => (guest?.isAlive() ? [guest] : [])),
    /** What is on its disk. */
    instances: () => disk.size,
    /** So many guests crash while they boot, the next ones. */
    bootInVain: (times: number) => void (bootsInVain += times),
    /** Pulls the plug. */
    off(): void {
      power.abort();
      for (const instance of disk.values()) {
        instance.guest?.kill();
        instance.state = "over";
      }
    },
    on(): void {
      if (!power.signal.aborted) return;
      power = new AbortController();
      void work(power);
      for (const { vmId, attempt } of disk.values())
        void report(power, { kind: "run_ended", vmId, attempt, cause: "unknown", logTail: "" });
    },
  };
}
