import type { Report } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createAgent, type AgentParts } from "../src/agent.ts";
import { DEFAULT_TIMING } from "../src/host/ports.ts";
import { DEFAULT_LIMITS } from "../src/reconcile/limits.ts";
import { assignment, gone, nameOf } from "./support/assignments.ts";
import { FACTS } from "./support/facts.ts";
import { memoryJournal, memoryPulledImages } from "./support/fake-agent.ts";
import { createFakeGuests } from "./support/fake-guests.ts";
import { createFakeTart, createWorld } from "./support/fake-world.ts";
import { createMemoryControlPlane } from "./support/memory-control-plane.ts";
import { createVirtualClock } from "./support/virtual-clock.ts";

/** The whole agent, link and all, in virtual time. */
function scene(resolveTag?: AgentParts["resolveTag"]) {
  const clock = createVirtualClock();
  const world = createWorld(clock);
  const plane = createMemoryControlPlane(clock);
  const stop = new AbortController();
  const agent = createAgent({
    controlPlane: plane,
    agentId: "agent-1",
    machineId: "machine-1",
    facts: async () => FACTS,
    resolveTag,
    tart: createFakeTart(world),
    guests: createFakeGuests(world),
    runLogs: {
      path: (name) => name,
      exists: async (name) => world.logs.has(name),
      remove: async (name) => void world.logs.delete(name),
    },
    journal: memoryJournal(new Map()),
    pulledImages: memoryPulledImages(),
    clock,
    random: () => 0.5,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    limits: DEFAULT_LIMITS,
    timing: DEFAULT_TIMING,
  });
  let end: unknown;
  void agent.run(stop.signal).then((reason) => {
    end = reason;
  });
  return {
    clock,
    world,
    plane,
    ended: () => end,
    async stop() {
      stop.abort();
      await clock.until("the end", () => end !== undefined);
    },
  };
}

const isSaid = (reports: readonly Report[], vmId: string, what: string) =>
  reports.some(
    (report) => report.vmId === vmId && (report.kind === "phase" ? report.phase : report.kind) === what,
  );

test("six hours of partition, with a half-open link: jobs go on, nothing is removed, and all is told afterwards", async () => {
  const { clock, world, plane, stop } = scene();
  const vm = assignment(1);
  plane.want(vm);
  await clock.until("ready", () => isSaid(plane.reports, vm.vmId, "ready"));
  plane.isCut = true;
  plane.want();
  await clock.advance(3_600_000);
  world.endRun(nameOf(vm), "guest has stopped the virtual machine", { exitCode: 0, signal: null });
  await clock.advance(5 * 3_600_000);
  expect(world.vms.has(nameOf(vm))).toBe(true);
  plane.want(vm);
  plane.isCut = false;
  const healed = clock.now();
  await clock.until("told", () => isSaid(plane.reports, vm.vmId, "run_ended"), 60_000);
  expect(clock.now() - healed).toBeLessThan(35_000);
  expect(plane.hellos.at(-1)?.instances).toMatchObject([{ vmId: vm.vmId, running: false }]);
  await stop();
});

test("a tag that is asked for is resolved in the session that asks, and again in the next one that does", async () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const looked: string[] = [];
  const { clock, plane, stop } = scene(async (reference) => {
    looked.push(reference);
    return { kind: "digest", digest };
  });
  plane.ask("ghcr.io/org/image:1");
  await clock.until("an answer", () => plane.resolved.length === 1);
  plane.drop();
  await clock.until("another", () => plane.resolved.length === 2);
  const answer = { reference: "ghcr.io/org/image:1", answer: { kind: "digest", digest } };
  expect(plane.resolved).toEqual([answer, answer]);
  expect(looked).toHaveLength(2);
  await stop();
});

test("a half-open link is noticed within 15 s by its heartbeat", async () => {
  const { clock, plane, stop } = scene();
  await clock.until("a heartbeat", () => plane.lastHeartbeatAt > 0);
  plane.isCut = true;
  await clock.advance(15_000);
  plane.isCut = false;
  await clock.until("another hello", () => plane.hellos.length === 2, 20_000);
  await stop();
});

test("however the link breaks, every VM comes up and goes down, and its reports arrive in their order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ afterMs: fc.integer({ min: 1, max: 4000 }), cutMs: fc.integer({ min: 0, max: 20_000 }) }),
        {
          maxLength: 12,
        },
      ),
      fc.integer({ min: 0, max: 400 }),
      async (breaks, latencyMs) => {
        const { clock, world, plane, ended, stop } = scene();
        plane.latencyMs = latencyMs;
        const vms = [assignment(1), assignment(2)];
        plane.want(...vms);
        for (const { afterMs, cutMs } of breaks) {
          await clock.advance(afterMs);
          plane.isCut = cutMs > 0;
          plane.drop();
          await clock.advance(cutMs);
          plane.isCut = false;
        }
        await clock.until("ready", () => vms.every(({ vmId }) => isSaid(plane.reports, vmId, "ready")));
        plane.want(...vms.map(gone));
        await clock.until("gone", () => vms.every(({ vmId }) => isSaid(plane.reports, vmId, "gone")));
        expect(ended()).toBeUndefined();
        expect(world.vms.size).toBe(0);
        for (const { vmId } of vms) {
          const kinds = plane.reports.filter((report) => report.vmId === vmId).map(({ kind }) => kind);
          const firsts = [...new Set(kinds)];
          expect(firsts).toEqual(["phase", "stop_rung", "run_ended", "gone"]);
        }
        for (const starts of world.starts.values()) expect(starts).toBe(1);
        await stop();
      },
    ),
    { numRuns: 60 },
  );
});
