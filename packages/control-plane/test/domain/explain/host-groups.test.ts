import * as fc from "fast-check";
import { expect, test } from "vitest";
import { couldTake, fitsNow } from "../../../src/domain/explain/fits-now.ts";
import { groupHosts, isSchedulable, type AskedHost } from "../../../src/domain/explain/host-groups.ts";
import { makeHeld } from "../../../src/domain/scheduling/held.ts";
import { misfit, type HostRoom } from "../../../src/domain/scheduling/host-room.ts";
import type { Need } from "../../../src/domain/scheduling/request.ts";
import { makeRoomIndex } from "../../../src/domain/scheduling/room-index.ts";

const SIZES = [4, 8, 12];
const room = fc
  .record({
    labels: fc.constantFrom({}, { xcode: "16" }, { xcode: "17" }),
    images: fc.constantFrom(new Map<string, number>(), new Map([["i", 38]])),
    arriving: fc.constantFrom(new Set<string>(), new Set(["i"])),
    freeSlots: fc.constantFrom([], [1], [0, 1]),
    cpu: fc.constantFrom(...SIZES),
    free: fc.constantFrom(0, 0.5, 1),
    diskFreeGiB: fc.constantFrom(5, 100),
    isKept: fc.boolean(),
    isSuspect: fc.boolean(),
  })
  .map(({ cpu, free, ...some }): Omit<HostRoom, "hostId"> => ({
    ...some,
    suspectImages: new Set(),
    cpu,
    memoryMiB: 16_384,
    freeCpu: cpu * free,
    freeMemoryMiB: 16_384 * free,
  }));
const host = fc.record({
  room: fc.option(room, { nil: undefined, freq: 9 }),
  away: fc.constantFrom(
    null,
    null,
    { reason: "silent" as const },
    {
      reason: "cordoned" as const,
      by: "ana",
      why: "os upgrade",
      until: null,
    },
  ),
  phantoms: fc.constantFrom(0, 0, 1),
});
const hosts = fc.array(host, { maxLength: 12 }).map((all) =>
  all.map((one, index): AskedHost => ({
    ...one,
    name: `mac-${index}`,
    room: one.room && { ...one.room, hostId: index },
  })),
);
const need = fc.record({
  os: fc.constantFrom("macos" as const, "linux" as const),
  image: fc.constant("i"),
  cpu: fc.constantFrom(null, ...SIZES),
  memoryMiB: fc.constant(null),
  hostLabels: fc.constantFrom({}, { xcode: "16" }),
  preferredHostLabels: fc.constant({}),
}) satisfies fc.Arbitrary<Need>;

const ABOUT = { now: 0, imageGiB: 38, triedHosts: [], leftGiB: () => undefined };

test("groups have every host once, and say that it fits of exactly those where the scheduler would place it", () => {
  fc.assert(
    fc.property(hosts, need, (all, wanted) => {
      const groups = groupHosts(all, wanted, ABOUT);
      expect(groups.flatMap(({ names }) => names).toSorted()).toEqual(all.map(({ name }) => name).toSorted());
      const fitting = groups.filter(({ reason }) => reason === "fits").flatMap(({ names }) => names);
      const takes = ({ room: has, away }: AskedHost) =>
        has !== undefined && away === null && misfit(wanted, has, ABOUT.imageGiB) === undefined;
      expect(fitting.toSorted()).toEqual(
        all
          .filter(takes)
          .map(({ name }) => name)
          .toSorted(),
      );
      // What was said to be schedulable is so as soon as the host is back and empty.
      const could = all.some(({ room: has }) => has === undefined || couldTake(has, wanted));
      expect(isSchedulable(groups)).toBe(could);
    }),
  );
});

test("so many as are said to fit now are placed one after the other, and then no other", () => {
  fc.assert(
    fc.property(hosts, need, (all, wanted) => {
      const rooms = makeRoomIndex("spread");
      for (const { room: has } of all) if (has) rooms.put(has);
      const policy = { teams: new Map(), classes: [{ name: "default", reserved: 0 }], ageingMs: 0 };
      const { count, withImage } = fitsNow({ rooms, policy, held: makeHeld() }, wanted, "a", "default");
      let placed = 0;
      let having = 0;
      for (let best = rooms.find(wanted, []); best; best = rooms.find(wanted, [])) {
        rooms.take(best.hostId, wanted);
        placed += 1;
        if (best.images.has("i")) having += 1;
      }
      expect({ count, withImage }).toEqual({ count: placed, withImage: having });
    }),
  );
});
