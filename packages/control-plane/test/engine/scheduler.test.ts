import { expect, test } from "vitest";
import { makeChanges } from "../../src/engine/changes.ts";
import type { Leases } from "../../src/engine/leases.ts";
import { systemClock } from "../../src/engine/clock.ts";
import { makePatience } from "../../src/engine/patience.ts";
import { startScheduler } from "../../src/engine/scheduler.ts";
import type { Store } from "../../src/store/store.ts";
import type { Waiting } from "../../src/domain/placement.ts";
import type { StoredHost } from "../../src/store/hosts.ts";
import { FACTS } from "../support/fleet.ts";

const vm = (vmId: string): Waiting => ({
  vmId,
  os: "macos",
  image: "registry.example.com/macos:1",
  cpu: null,
  memoryMiB: null,
  hostLabels: {},
  triedHosts: [],
});

test.each([0, 1, 2, 3, 4, 5, 6])("a wake %i microtasks after a commit is not lost", async (distance) => {
  const changes = makeChanges();
  const queue = [vm("first")];
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
    context: () => ({ now: 0, budgets: {} }) as never,
    patience: makePatience(systemClock(), (error) => expect.unreachable(String(error))),
  });
  firstCommit.resolve();
  for (let hop = 0; hop < distance; hop += 1) await Promise.resolve();
  queue.push(vm("second"));
  changes.roomChanged();
  await new Promise(setImmediate);
  expect(placed).toEqual(["first", "second"]);
  scheduler.stop();
});
