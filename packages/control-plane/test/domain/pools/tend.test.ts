import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pausedUntil } from "../../../src/domain/pools/pause.ts";
import { tend, type WarmVm, type Wish } from "../../../src/domain/pools/tend.ts";

const NOW = 1_000_000_000;

const warmVm = fc
  .record({
    make: fc.constantFrom("new", "new", "old"),
    state: fc.constantFrom("idle", "idle", "booting", "leaving"),
    since: fc.nat(1000),
    mustGo: fc.constantFrom(null, null, null, "cordoned"),
  })
  .map(({ state, ...vm }): Omit<WarmVm, "vmId"> => ({
    pool: "p",
    isIdle: state === "idle",
    isLeaving: state === "leaving",
    ...vm,
  }));
const input = fc.record({
  all: fc.array(warmVm, { maxLength: 8 }).map((vms) => vms.map((vm, n) => ({ ...vm, vmId: `w${n}` }))),
  wanted: fc.nat(4),
  spare: fc.nat(3),
  room: fc.nat(4),
  failing: fc.constantFrom(undefined, { times: 3, at: NOW - 1, why: "" }, { times: 1, at: 0, why: "" }),
});

function tended({
  all,
  wanted,
  spare,
  room,
  failing,
}: {
  all: WarmVm[];
  wanted: number;
  spare: number;
  room: number;
  failing: Wish["failing"];
}) {
  let begun = 0;
  const wish = { name: "p", make: "new", wanted, max: Math.max(1, wanted + spare), failing };
  const releases = tend(wish, all, NOW, () => begun < room && ++begun > 0);
  const gone = new Set(releases.map(({ vmId }) => vmId));
  return {
    begun,
    releases,
    gone,
    left: all.filter(({ vmId, isLeaving }) => !isLeaving && !gone.has(vmId)),
    max: wish.max,
  };
}

describe("tending a pool", () => {
  test("never has more than its maximum by what it begins, nor begins more than are missing", () => {
    fc.assert(
      fc.property(input, (given) => {
        const { begun, left, max } = tended(given);
        if (begun > 0) expect(given.all.length + begun).toBeLessThanOrEqual(max);
        const present = left.filter(({ make }) => make === "new").length;
        expect(begun).toBeLessThanOrEqual(Math.max(0, given.wanted - present));
      }),
    );
  });

  test("ends each at most once, none that is leaving, all that must go, and none too few for what it wants", () => {
    fc.assert(
      fc.property(input, (given) => {
        const { releases, gone, left } = tended(given);
        expect(gone.size).toBe(releases.length);
        for (const vm of given.all) {
          if (vm.isLeaving) expect(gone.has(vm.vmId)).toBe(false);
          else if (vm.mustGo !== null) expect(gone.has(vm.vmId)).toBe(true);
        }
        const kept = given.all.filter(({ isLeaving, mustGo }) => !isLeaving && mustGo === null).length;
        // One may make room for another where there is none besides.
        expect(left.length).toBeGreaterThanOrEqual(Math.min(kept, given.wanted) - 1);
        const present = left.filter(({ make }) => make === "new");
        expect(present.length).toBeLessThanOrEqual(given.wanted);
      }),
    );
  });

  test("renews one by one: none that stands by goes before another stands by in its place, while there is room", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 3 }), (wanted, room) => {
        let all: WarmVm[] = Array.from({ length: wanted }, (_, n) => ({
          vmId: `old${n}`,
          pool: "p",
          make: "old",
          isIdle: true,
          isLeaving: false,
          since: n,
          mustGo: null,
        }));
        for (let round = 0; round < 4 * wanted + 4; round += 1) {
          const { begun, gone } = tended({
            all,
            wanted,
            spare: 1,
            room: room - (all.length - wanted),
            failing: undefined,
          });
          expect(begun).toBeLessThanOrEqual(1);
          all = all.filter(({ vmId }) => !gone.has(vmId));
          // Without room for one more, one goes first.
          expect(all.filter(({ isIdle }) => isIdle).length).toBeGreaterThanOrEqual(
            room > 0 ? wanted : wanted - 1,
          );
          all = all.map((vm) => ({ ...vm, isIdle: true }));
          if (begun === 1)
            all.push({
              vmId: `new${round}`,
              pool: "p",
              make: "new",
              isIdle: false,
              isLeaving: false,
              since: round,
              mustGo: null,
            });
        }
        if (room > 0) expect(all.map(({ make }) => make)).toEqual(Array(wanted).fill("new"));
      }),
    );
  });

  test("while its VMs fail it tries none for ever longer, and then one", () => {
    const wish: Wish = { name: "p", make: "new", wanted: 5, max: 6, failing: { times: 1, at: NOW, why: "" } };
    let begun = 0;
    const begin = () => ++begun > 0;
    tend(wish, [], NOW, begin);
    expect(begun).toBe(0);
    tend(wish, [], NOW + 60_000, begin);
    expect(begun).toBe(1);
    const pauses = [1, 2, 3, 10].map((times) => pausedUntil({ times, at: 0, why: "" }) / 60_000);
    expect(pauses).toEqual([1, 2, 4, 60]);
  });
});
