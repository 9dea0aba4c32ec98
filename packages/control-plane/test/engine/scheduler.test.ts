import { createVmSchema } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { makeSuspicions } from "../../src/engine/breaker.ts";
import { systemClock } from "../../src/engine/clock.ts";
import { makeChanges } from "../../src/engine/changes.ts";
import { makeFleetView } from "../../src/engine/fleet-view.ts";
import { makePatience } from "../../src/engine/patience.ts";
import { startScheduler } from "../../src/engine/scheduler.ts";
import type { Store } from "../../src/store/store.ts";
import type { StoredHost } from "../../src/store/host-rows.ts";
import { request } from "../domain/scheduling/rooms.ts";
import { CI, FACTS, startFleet } from "../support/fleet.ts";

test.each([0, 1, 2, 3, 4, 5, 6])("a wake %i microtasks after a commit is not lost", async (distance) => {
  const changes = makeChanges();
  const queue = [request(1)];
  const placed: string[] = [];
  const firstCommit = Promise.withResolvers<void>();
  const host = { id: 1, facts: FACTS, occupants: [], phantoms: 0, cordon: null } as unknown as StoredHost;
  const waiting = () => queue.filter(({ vmId }) => !placed.includes(vmId));
  const store: Partial<Store> = {
    requests: waiting,
    request: (vmId) => waiting().find((one) => one.vmId === vmId),
    hosts: () => [host],
    hostById: () => host,
    placeVms: async (placements) => {
      await firstCommit.promise;
      placed.push(...placements.map(({ vmId }) => vmId));
      return [];
    },
  };
  const fleet = makeFleetView({
    store: store as Store,
    leases: { isConnected: () => true },
    suspicions: makeSuspicions(),
    clock: systemClock(),
    policy: { teams: new Map(), classes: [], ageingMs: 0 },
    layout: "spread",
  });
  const scheduler = startScheduler({
    store: store as Store,
    fleet,
    pools: { plan: () => ({ starts: [], releases: [], nextAt: undefined }) },
    changes,
    clock: systemClock(),
    context: () => ({ now: 0, budgets: {} }) as never,
    patience: makePatience(systemClock(), (error) => expect.unreachable(String(error))),
  });
  firstCommit.resolve();
  for (let hop = 0; hop < distance; hop += 1) await Promise.resolve();
  queue.push(request(2));
  fleet.vmChanged({ id: "vm2", state: "queued" });
  changes.hostRoomChanged(1);
  await new Promise(setImmediate);
  expect(placed).toEqual(["vm1", "vm2"]);
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

test("of the hosts that fit, those that carry more of the preferred labels are taken; none is waited for", async () => {
  const fleet = await startFleet();
  const labels = [{}, { disk: "fast" }, { disk: "fast", rack: "b4" }];
  for (const [at, own] of labels.entries()) await fleet.host(`mac-${at}`, { labels: own });
  const preferredHostLabels = { disk: "fast", rack: "b4" };
  const where: (string | null)[] = [];
  for (let taken = 0; taken < 7; taken += 1) {
    const vm = fleet.useCases.getVm(await fleet.create({ preferredHostLabels }));
    expect(vm.preferredHostLabels).toEqual(preferredHostLabels);
    where.push(vm.host);
  }
  expect(where).toEqual(["mac-2", "mac-2", "mac-1", "mac-1", "mac-0", "mac-0", null]);
  fleet.close();
});
