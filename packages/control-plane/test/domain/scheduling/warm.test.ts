import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide } from "../../../src/domain/scheduling/decide.ts";
import { misfit, type HostRoom } from "../../../src/domain/scheduling/host-room.ts";
import type { WarmHolder } from "../../../src/domain/scheduling/warm.ts";
import { request, room, viewOf } from "./rooms.ts";

const MOST = 1000;

/** A Mac with up to two warm VMs; their room counts as free. */
const anyRoom = (hostId: number): fc.Arbitrary<HostRoom> =>
  fc
    .record({
      taken: fc.subarray([0, 1]),
      states: fc.tuple(
        fc.constantFrom("none", "idle", "booting", "leaving"),
        fc.constantFrom("none", "idle", "booting", "leaving"),
      ),
      fits: fc.tuple(fc.constantFrom("a", "b"), fc.constantFrom("a", "b")),
      zone: fc.constantFrom("x", "y"),
    })
    .map(({ taken, states, fits, zone }) => {
      const free = [0, 1].filter((slot) => !taken.includes(slot));
      const warm = free.flatMap((slot): WarmHolder[] => {
        const state = states[slot] ?? "none";
        if (state === "none") return [];
        return [
          {
            vmId: `w${hostId}-${slot}`,
            fits: [fits[slot] ?? "a"],
            slot,
            cpu: 4,
            memoryMiB: 8192,
            since: slot,
            state,
          },
        ];
      });
      return room(hostId, {
        freeSlots: free,
        labels: { zone },
        freeCpu: 8 - 4 * taken.length,
        freeMemoryMiB: 16_384 - 8192 * taken.length,
        ...(warm.length > 0 ? { warm } : {}),
      });
    });
const fleet = fc.record({
  rooms: fc.tuple(anyRoom(1), anyRoom(2), anyRoom(3)),
  asked: fc.array(
    fc.record({
      fit: fc.constantFrom("a", "b", "c"),
      cpu: fc.constantFrom(null, 4, 8),
      zone: fc.constantFrom(undefined, "x"),
    }),
    { maxLength: 8 },
  ),
});

const requestsOf = (asked: readonly { fit: string; cpu: number | null; zone: string | undefined }[]) =>
  asked.map(({ fit, cpu, zone }, n) =>
    request(n + 1, { fit, need: { cpu, ...(zone === undefined ? {} : { hostLabels: { zone } }) } }),
  );

describe("warm VMs and the queue", () => {
  test("one that fits is taken over once, on a host that fits; nobody starts on what another still holds", () => {
    fc.assert(
      fc.property(fleet, ({ rooms, asked }) => {
        const requests = requestsOf(asked);
        const placements = decide(viewOf(rooms, requests), MOST);
        const taken = placements.flatMap(({ takes }) => takes ?? []);
        expect(new Set(taken).size).toBe(taken.length);
        for (const { vmId, hostId, slot, takes, after } of placements) {
          const host = rooms.find((one) => one.hostId === hostId);
          const wish = requests.find((one) => one.vmId === vmId);
          if (!host || !wish) return expect.unreachable();
          expect(misfit(wish.need, host, undefined)).not.toBe("labels");
          const holder = host.warm?.find((vm) => vm.slot === slot);
          if (takes !== undefined) {
            expect(holder).toMatchObject({ vmId: takes, fits: [wish.fit], state: "idle" });
            expect(after).toBeUndefined();
          } else if (holder) expect(after).toContain(holder.vmId);
          for (const gone of after ?? []) expect(taken).not.toContain(gone);
        }
      }),
    );
  });

  test("is never in a create's way: as many are placed, now or after it has gone, as if there were none", () => {
    fc.assert(
      fc.property(fleet, ({ rooms, asked }) => {
        // Of one size, so that the order in which rooms are filled does not matter.
        const requests = requestsOf(asked.map((one) => ({ ...one, cpu: 4, zone: undefined })));
        const bare = rooms.map(({ warm, ...rest }) => rest);
        expect(decide(viewOf(rooms, requests), MOST).length).toBe(
          decide(viewOf(bare, requests), MOST).length,
        );
      }),
    );
  });

  test("gives its room up only where there is no other", () => {
    const warm: WarmHolder = {
      vmId: "w",
      fits: ["a"],
      slot: 0,
      cpu: 4,
      memoryMiB: 8192,
      since: 0,
      state: "idle",
    };
    const full = room(1, { warm: [warm, { ...warm, vmId: "w2", slot: 1 }] });
    const other = request(1, { fit: "b" });
    // Not even for an image that is there.
    const having = { ...full, images: new Map([[other.need.image, 40]]) };
    expect(decide(viewOf([having, room(2)], [other]), MOST)).toEqual([{ vmId: "vm1", hostId: 2, slot: 0 }]);
    expect(decide(viewOf([room(1, { warm: [warm] })], [other]), MOST)).toEqual([
      { vmId: "vm1", hostId: 1, slot: 1 },
    ]);
    expect(decide(viewOf([full], [other]), MOST)).toEqual([
      { vmId: "vm1", hostId: 1, slot: 0, after: ["w"] },
    ]);
    // The whole Mac: both go.
    const whole = request(1, { fit: "b", need: { cpu: 8, memoryMiB: 16_384 } });
    expect(decide(viewOf([full], [whole]), MOST)[0]?.after?.toSorted()).toEqual(["w", "w2"]);
  });

  test("one that leaves already is waited for, before another goes", () => {
    const leaving: WarmHolder = {
      vmId: "w",
      fits: ["a"],
      slot: 1,
      cpu: 4,
      memoryMiB: 8192,
      since: 0,
      state: "leaving",
    };
    const both = room(1, { warm: [leaving, { ...leaving, vmId: "w2", slot: 0, state: "idle", since: 1 }] });
    expect(decide(viewOf([both], [request(1, { fit: "b" })]), MOST)).toEqual([
      { vmId: "vm1", hostId: 1, slot: 1, after: ["w"] },
    ]);
  });

  test("nobody is given the cores that one which must go still has, though another waits for it already", () => {
    const large: WarmHolder = {
      vmId: "w",
      fits: ["a"],
      slot: 0,
      cpu: 8,
      memoryMiB: 8192,
      since: 0,
      state: "idle",
    };
    const asked = [1, 2].map((seq) => request(seq, { fit: "b", need: { cpu: 4 } }));
    const placements = decide(viewOf([room(1, { warm: [large] })], asked), MOST);
    expect(placements.map(({ after }) => after)).toEqual([["w"], ["w"]]);
  });

  test("who needs nothing of what is being cleared starts beside it at once", () => {
    const one: WarmHolder = {
      vmId: "w",
      fits: ["a"],
      slot: 0,
      cpu: 4,
      memoryMiB: 4096,
      since: 0,
      state: "idle",
    };
    const full = room(1, { freeSlots: [0], cpu: 64, memoryMiB: 65_536, warm: [one] });
    const asked = [request(1, { fit: "b" }), request(2, { fit: "b", need: { os: "linux", cpu: 4 } })];
    expect(decide(viewOf([full], asked), MOST)).toEqual([
      { vmId: "vm1", hostId: 1, slot: 0, after: ["w"] },
      { vmId: "vm2", hostId: 1, slot: null },
    ]);
  });

  test("is not taken on a host where the VM failed, nor beyond a team's cap", () => {
    const warm: WarmHolder = {
      vmId: "w",
      fits: ["a"],
      slot: 0,
      cpu: 4,
      memoryMiB: 8192,
      since: 0,
      state: "idle",
    };
    const rooms = [room(1, { warm: [warm] }), room(2)];
    expect(decide(viewOf(rooms, [request(1, { fit: "a", triedHosts: [1] })]), MOST)).toMatchObject([
      { hostId: 2 },
    ]);
    expect(decide(viewOf(rooms, [request(1, { fit: "a" })], { teams: { a: { cap: 0 } } }), MOST)).toEqual([]);
  });
});
