import { randomBytes } from "node:crypto";
import {
  createVmSchema,
  PROTOCOL_VERSION,
  setPoolSchema,
  type CreateVmInput,
  type SetPoolInput,
  type HostFacts,
  type Report,
  type TagAnswer,
} from "@tartfleet/shared";
import type { Clock } from "../../src/engine/clock.ts";
import type { EngineConfig } from "../../src/engine/config.ts";
import { startControlPlane } from "../../src/engine/control-plane.ts";
import type { Integrate } from "../../src/engine/integration.ts";
import type { Identity } from "../../src/engine/identity.ts";
import { randomId } from "../../src/engine/secrets.ts";
import type { Tracer } from "../../src/engine/traces.ts";
import type { Caller, HostCaller, Principal } from "../../src/engine/use-cases.ts";
import { openMemoryDatabase, type Database } from "../../src/store/database.ts";

export const CONFIG: EngineConfig = {
  publicUrl: "http://127.0.0.1:7337",
  maxTtlSeconds: 86_400,
  defaultQueueTimeoutSeconds: 86_400,
  maxQueuedPerTeam: 10_000,
  hookGraceSeconds: 90,
  exitSettleSeconds: 10,
  heartbeatSeconds: 5,
  leaseSeconds: 30,
  silentGraceSeconds: 60,
  assignedTimeoutSeconds: 120,
  pullStallSeconds: 900,
  cloneTimeoutSeconds: 600,
  bootTimeoutSeconds: 600,
  provisionTimeoutSeconds: 300,
  stopTimeoutSeconds: 300,
  noJobTimeoutSeconds: 1800,
  maxAttempts: 3,
  priorityClasses: [
    { name: "release", reserved: 0 },
    { name: "default", reserved: 0 },
    { name: "batch", reserved: 0 },
  ],
  ageingSeconds: 900,
  layout: "spread",
  breakerRestSeconds: 300,
  pullsPerRegistry: 4,
  imageResolveTtlSeconds: 60,
  pruneBelowPercent: 10,
  pruneUntilPercent: 20,
  maxHoldSeconds: 14_400,
  maxTunnels: 500,
  maxTunnelsPerHost: 50,
  maxTunnelsPerToken: 50,
  webhookAllowPrivate: true,
  accountLabel: [],
  keepEndedDays: 0,
  keepAuditDays: 0,
};

export const FACTS: HostFacts = {
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
  keepsWarm: true,
};

/** A clock that stands still until it is told to go on. */
export function virtualClock(start = 1_700_000_000_000) {
  let now = start;
  const timers = new Set<{ at: number; call: () => void }>();
  const clock: Clock = {
    now: () => now,
    after(milliseconds, call) {
      const timer = { at: now + Math.max(0, milliseconds), call };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  return {
    ...clock,
    /** Lets time pass, timer by timer, and what they set off come to an end. */
    async pass(milliseconds: number): Promise<void> {
      const until = now + milliseconds;
      for (;;) {
        await settle();
        const next = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.call();
      }
      now = until;
      await settle();
    },
    /** The process stands still (SIGSTOP); afterwards everything that came due fires, in its order. */
    async sleep(milliseconds: number): Promise<void> {
      now += milliseconds;
      const due = [...timers].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
      for (const timer of due) if (timers.delete(timer)) timer.call();
      await settle();
    },
    /** The machine's clock is set while nothing runs that goes by it. */
    set(milliseconds: number): void {
      now += milliseconds;
    },
  };
}

/** Until every step that is under way is durable and told of: the store works in turns of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export const CI = callerOf({ kind: "token", tokenId: "ci0", role: "ci", name: "ci", team: "default" });

/** A call of somebody's. */
export function callerOf<P extends Principal>(principal: P): Caller<P> {
  return { principal, requestId: "test", address: "127.0.0.1" };
}

/** A control plane in memory under a virtual clock, and agents that are played by the test. */
export async function startFleet(
  options: {
    config?: Partial<EngineConfig>;
    database?: Database;
    identity?: Identity;
    tracer?: Tracer;
    integrate?: Integrate;
    /** What the clock shows at first; milliseconds since 1970. */
    startAt?: number;
  } = {},
) {
  const clock = virtualClock(options.startAt);
  const database = options.database ?? openMemoryDatabase();
  const key = randomBytes(32);
  const errors: unknown[] = [];
  const start = () =>
    startControlPlane({
      // The database outlives the control plane here, so that it can be started again on it.
      database: { ...database, close: () => {} },
      key,
      config: { ...CONFIG, ...options.config },
      identity: options.identity,
      tracer: options.tracer,
      integrate: options.integrate,
      clock,
      randomId,
      onFatal: (error) => errors.push(error),
    });
  let controlPlane = await start();
  const fleet = {
    clock,
    errors,
    get useCases() {
      return controlPlane.useCases;
    },
    get registry() {
      return controlPlane.registry;
    },
    /** The control plane stops and another one starts on the same database. */
    async restart() {
      await settle();
      controlPlane.close();
      controlPlane = await start();
      await settle();
    },
    async create(input: Partial<CreateVmInput> = {}, key_?: string) {
      const parsed = createVmSchema.parse({ image: "ghcr.io/org/image:1", ...input });
      const { vm } = await controlPlane.useCases.createVm(CI, parsed, key_);
      await settle();
      return vm.id;
    },
    /** A pool of warm VMs of the image that `create` asks for. */
    async pool(name: string, pool: Partial<SetPoolInput> = {}) {
      const parsed = setPoolSchema.parse({ image: "ghcr.io/org/image:1", minIdle: 1, ...pool });
      await controlPlane.useCases.setPool(CI, name, parsed);
      await settle();
    },
    /** VMs that are kept warm, or are being stopped after that. */
    warm: () =>
      controlPlane.useCases
        .listVms({ state: undefined, limit: 100 })
        .vms.filter(({ pool, endedAt }) => pool !== null && endedAt === null),
    state: (id: string) => controlPlane.useCases.getVm(id).state,
    async host(name: string, facts: Partial<HostFacts> = {}) {
      const machineId = `machine-${name}`;
      const { credential } = await controlPlane.useCases.enrolHost(CI, { name, machineId });
      const principal = controlPlane.useCases.authenticate(credential);
      if (principal?.kind !== "host") throw new Error("the credential is not a host's");
      return agentOf(() => controlPlane.useCases, callerOf(principal), machineId, { ...FACTS, ...facts });
    },
    /** The agent of a host that the database knows already. */
    agentOf: (hostName: string, hostId: number, machineId: string) =>
      agentOf(() => controlPlane.useCases, callerOf({ kind: "host", hostId, hostName }), machineId, FACTS),
    close() {
      controlPlane.close();
      database.close();
    },
  };
  return fleet;
}

type UseCasesNow = () => Awaited<ReturnType<typeof startControlPlane>>["useCases"];

/** A host's agent, played by the test: what it says is what the test tells it to say. */
async function agentOf(useCases: UseCasesNow, host: HostCaller, machineId: string, facts: HostFacts) {
  let epoch = 0;
  const agent = {
    host,
    machineId,
    get epoch() {
      return epoch;
    },
    async hello(changed: Partial<HostFacts> = {}, agentId?: string) {
      const known = { protocol: PROTOCOL_VERSION, machineId, agentId };
      const hello = { ...known, facts: { ...facts, ...changed }, instances: [] };
      ({ epoch } = await useCases().agent.hello(host, hello));
      await settle();
    },
    /** The set of assignments as it stands. */
    async assignments() {
      const stop = new AbortController();
      for await (const set of useCases().agent.assignments(host, epoch, stop.signal)) {
        stop.abort();
        return set;
      }
      throw new Error("no set was sent");
    },
    async report(...reports: Report[]) {
      const results = await useCases().agent.report(host, epoch, reports);
      await settle();
      return results;
    },
    /** Tells what a tag stands for, or why that could not be learned. */
    async resolved(reference: string, answer: TagAnswer) {
      await useCases().agent.resolved(host, epoch, reference, answer);
      await settle();
    },
    async heartbeat() {
      await useCases().agent.heartbeat(host, epoch, {});
      await settle();
    },
    /** Brings up whatever it is told to, to ready; what is to be kept warm until its guest answers. */
    async bringUpAll() {
      const { assignments } = await agent.assignments();
      for (const { vmId, attempt, want, warm } of assignments) {
        const phase = warm ? "provisioning" : "ready";
        if (want === "running")
          await agent.report({ kind: "phase", vmId, attempt, phase, ip: "192.168.64.2" });
      }
    },
    /** Removes whatever it is told to. */
    async removeAll() {
      const { assignments } = await agent.assignments();
      for (const { vmId, attempt, want } of assignments) {
        if (want === "gone") await agent.report({ kind: "gone", vmId, attempt });
      }
    },
  };
  await agent.hello();
  return agent;
}
