import { createVmSchema } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { systemClock } from "../../src/engine/clock.ts";
import { makeChanges } from "../../src/engine/changes.ts";
import type { Leases } from "../../src/engine/leases.ts";
import { makePatience } from "../../src/engine/patience.ts";
import { startScheduler } from "../../src/engine/scheduler.ts";
import type { Store } from "../../src/store/store.ts";
import type { Waiting } from "../../src/domain/placement.ts";
import type { StoredHost } from "../../src/store/hosts.ts";
import { CI, FACTS, settle, startFleet } from "../support/fleet.ts";

const vm = (vmId: string, seq: number): Waiting => ({
  vmId,
  seq,
  os: "macos",
  image: "registry.example.com/macos:1",
  cpu: null,
  memoryMiB: null,
  hostLabels: {},
  triedHosts: [],
});

test.each([0, 1, 2, 3, 4, 5, 6])("a wake %i microtasks after a commit is not lost", async (distance) => {
  const changes = makeChanges();
  const queue = [vm("first", 1)];
  const placed: string[] = [];
  const firstCommit = Promise.withResolvers<void>();
  const store: Partial<Store> = {
    waiting: () => queue.filter(({ vmId }) => !placed.includes(vmId)),
    hosts: () => [{ id: 1, facts: FACTS, occupants: [], phantoms: 0 }] as unknown as StoredHost[],
    placeVms: async (placements) => {
      await firstCommit.promise;
      placed.push(...placements.map(({ vmId }) => vmId));
      return [];
    },
  };
  const scheduler = startScheduler({
    store: store as Store,
    leases: { isConnected: () => true } as unknown as Leases,
    changes,
    clock: systemClock(),
    context: () => ({ now: 0, budgets: {} }) as never,
    patience: makePatience(systemClock(), (error) => expect.unreachable(String(error))),
  });
  firstCommit.resolve();
  for (let hop = 0; hop < distance; hop += 1) await Promise.resolve();
  queue.push(vm("second", 2));
  changes.roomChanged();
  await new Promise(setImmediate);
  expect(placed).toEqual(["first", "second"]);
  scheduler.stop();
});

const asked = (hostLabels: Record<string, string> = {}) =>
  createVmSchema.parse({ image: "ghcr.io/org/image:1", hostLabels });

test("thousands of VMs that fit nowhere hold up nobody behind them", async () => {
  const fleet = await startFleet();
  const nowhere = asked({ nobody: "has" });
  await Promise.all(Array.from({ length: 2500 }, () => fleet.useCases.createVm(CI, nowhere)));
  const mac = await fleet.host("mac-1");
  const [first, second] = [await fleet.create(), await fleet.create()];
  const linux = await fleet.create({ os: "linux" });
  await fleet.clock.pass(10);
  expect([first, second, linux].map(fleet.state)).toEqual(["assigned", "assigned", "assigned"]);
  // A slot that is freed later is found by the one that waits behind them too.
  const third = await fleet.create();
  await fleet.clock.pass(10);
  expect(fleet.state(third)).toBe("queued");
  await fleet.useCases.endVm(CI, first, {});
  await mac.removeAll();
  await fleet.clock.pass(10);
  expect(fleet.state(third)).toBe("assigned");
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("a queue that fits nowhere is looked at once for each change of the room, not for each VM accepted", async () => {
  const changes = makeChanges();
  const queue = Array.from({ length: 5000 }, (_, index): Waiting => ({
    ...vm(`vm${index}`, index + 1),
    hostLabels: { nobody: "has" },
  }));
  let looked = 0;
  let asked = 0;
  const store: Partial<Store> = {
    waiting({ after, limit }) {
      const page = queue.filter(({ seq }) => seq > after).slice(0, limit);
      looked += page.length;
      return page;
    },
    hosts: () => [{ id: 1, facts: FACTS, occupants: [], phantoms: 0 }] as unknown as StoredHost[],
    placeVms: async (placements) => {
      asked += placements.length;
      return [];
    },
  };
  const clock = { now: () => 0, after: (_ms: number, call: () => void) => (setImmediate(call), () => {}) };
  const scheduler = startScheduler({
    store: store as Store,
    leases: { isConnected: () => true } as unknown as Leases,
    changes,
    clock,
    patience: makePatience(clock, (error) => expect.unreachable(String(error))),
    context: () => ({ now: 0, budgets: {} }) as never,
  });
  await settle();
  expect(looked).toBe(5000);
  for (let more = 1; more <= 100; more += 1) {
    queue.push({ ...vm(`more${more}`, 5000 + more), hostLabels: { nobody: "has" } });
    changes.queueGrew();
    await settle();
  }
  expect(looked).toBe(5100);
  changes.roomChanged();
  await settle();
  expect(looked).toBe(10_200);
  expect(asked).toBe(0);
  scheduler.stop();
});
