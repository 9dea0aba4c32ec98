import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fits, place, type HostView, type Waiting } from "../../src/domain/placement.ts";

const labels = fc.record({ zone: fc.constantFrom("a", "b") }, { requiredKeys: [] });
const waiting = (index: number): fc.Arbitrary<Waiting> =>
  fc.record({
    vmId: fc.constant(`vm${index}`),
    seq: fc.constant(index + 1),
    os: fc.constantFrom("macos" as const, "macos" as const, "linux" as const),
    image: fc.constantFrom("x/a:1", "x/b:1"),
    cpu: fc.constantFrom(null, 4, 8),
    memoryMiB: fc.constantFrom(null, 8192),
    hostLabels: labels,
    triedHosts: fc.subarray([0, 1]),
  });
const host = (index: number): fc.Arbitrary<HostView> =>
  fc.record({
    hostId: fc.constant(index),
    labels,
    images: fc.subarray(["x/a:1", "x/b:1"]).map((images) => new Set(images)),
    freeSlots: fc.subarray([0, 1]),
    freeCpu: fc.constantFrom(4, 8, 12),
    freeMemoryMiB: fc.constantFrom(8192, 16_384),
  });
const fleet = fc.record({
  queue: fc
    .integer({ min: 0, max: 8 })
    .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => waiting(i)))),
  hosts: fc
    .integer({ min: 0, max: 4 })
    .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => host(i)))),
});

test("a slot is given once, free before, and only to a VM that fits", () => {
  fc.assert(
    fc.property(fleet, ({ queue, hosts }) => {
      const placements = place(queue, hosts);
      const slots = placements
        .filter(({ slot }) => slot !== null)
        .map(({ hostId, slot }) => `${hostId}/${slot}`);
      expect(new Set(slots).size).toBe(slots.length);
      expect(new Set(placements.map(({ vmId }) => vmId)).size).toBe(placements.length);
      for (const chosen of hosts) {
        const here = placements.filter(({ hostId }) => hostId === chosen.hostId);
        const vms = here.map(({ vmId }) => queue.find((vm) => vm.vmId === vmId));
        for (const { slot } of here) expect(slot === null || chosen.freeSlots.includes(slot)).toBe(true);
        for (const vm of vms) expect(vm && fits(vm, chosen)).toBe(true);
        expect(vms.reduce((sum, vm) => sum + (vm?.cpu ?? 0), 0)).toBeLessThanOrEqual(chosen.freeCpu);
        expect(vms.reduce((sum, vm) => sum + (vm?.memoryMiB ?? 0), 0)).toBeLessThanOrEqual(
          chosen.freeMemoryMiB,
        );
      }
    }),
  );
});

test("nothing that still fits is left waiting, and nobody is passed over for a later one", () => {
  fc.assert(
    fc.property(fleet, ({ queue, hosts }) => {
      const placements = place(queue, hosts);
      for (const [index, vm] of queue.entries()) {
        if (placements.some(({ vmId }) => vmId === vm.vmId)) continue;
        // Room as it was when its turn came: taken only by those before it.
        const before = new Set(queue.slice(0, index).map(({ vmId }) => vmId));
        const earlier = placements.filter(({ vmId }) => before.has(vmId));
        for (const candidate of hosts) {
          const taken = earlier.filter(({ hostId }) => hostId === candidate.hostId);
          const asked = (what: "cpu" | "memoryMiB") =>
            taken.reduce(
              (sum, { vmId }) => sum + (queue.find((other) => other.vmId === vmId)?.[what] ?? 0),
              0,
            );
          const left: HostView = {
            ...candidate,
            freeSlots: candidate.freeSlots.filter(
              (slot) => !taken.some((placement) => placement.slot === slot),
            ),
            freeCpu: candidate.freeCpu - asked("cpu"),
            freeMemoryMiB: candidate.freeMemoryMiB - asked("memoryMiB"),
          };
          expect(fits(vm, left)).toBe(false);
        }
      }
    }),
  );
});

const vm: Waiting = {
  vmId: "vm",
  seq: 1,
  os: "macos",
  image: "x/a:1",
  cpu: null,
  memoryMiB: null,
  hostLabels: {},
  triedHosts: [],
};
const mac: HostView = {
  hostId: 1,
  labels: {},
  images: new Set(),
  freeSlots: [0, 1],
  freeCpu: 8,
  freeMemoryMiB: 16_384,
};

test("a host that has the image is preferred to an emptier one", () => {
  const having = { ...mac, hostId: 2, images: new Set(["x/a:1"]), freeSlots: [1] };
  expect(place([vm], [mac, having])).toEqual([{ vmId: "vm", hostId: 2, slot: 1 }]);
});

test("a host where the VM failed before is taken only when no other fits", () => {
  const other = { ...mac, hostId: 2, freeSlots: [0] };
  const retry = { ...vm, triedHosts: [1] };
  expect(place([retry], [mac, other])[0]?.hostId).toBe(2);
  expect(place([retry], [mac])[0]?.hostId).toBe(1);
});
