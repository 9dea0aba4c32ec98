import * as fc from "fast-check";
import { expect, test } from "vitest";
import { forecast, type Occupant } from "../../../src/domain/explain/forecast.ts";
import { decide } from "../../../src/domain/scheduling/decide.ts";
import { makeHeld } from "../../../src/domain/scheduling/held.ts";
import { demandOn, type HostRoom } from "../../../src/domain/scheduling/host-room.ts";
import type { Request } from "../../../src/domain/scheduling/request.ts";
import { makeRoomIndex } from "../../../src/domain/scheduling/room-index.ts";
import { dueOf, type Share, type SharePolicy } from "../../../src/domain/scheduling/shares.ts";
import { makeWaitQueue } from "../../../src/domain/scheduling/wait-queue.ts";
import { NEED, request, room } from "./fleets.ts";

/** What holds a slot until a time that is known. */
type Holding = Occupant & { at: number };

interface Model {
  hosts: number;
  holdings: Holding[];
  waiting: Request[];
  policy: SharePolicy;
}

const team = fc.constantFrom("a", "b");
const priority = fc.constantFrom("release", "default");
const cpu = fc.constantFrom(null, 2, 8);
const share: fc.Arbitrary<Share> = fc.record({
  guaranteed: fc.nat(2),
  cap: fc.constantFrom(null, 1, 2, 3),
  weight: fc.constantFrom(1, 2),
});

const model: fc.Arbitrary<Model> = fc
  .record({
    slots: fc.array(
      fc.record({ team, priority, at: fc.integer({ min: 1, max: 1000 }), isHeld: fc.boolean() }),
      {
        minLength: 2,
        maxLength: 6,
      },
    ),
    waiting: fc.array(fc.record({ team, priority, cpu }), { minLength: 1, maxLength: 8 }),
    shares: fc.tuple(share, share),
    reserved: fc.nat(1),
  })
  .map(({ slots, waiting, shares, reserved }) => ({
    hosts: Math.ceil(slots.length / 2),
    holdings: slots.flatMap(({ isHeld, ...slot }, index) =>
      isHeld
        ? // No two end at once: which of them is first is nobody's business.
          [{ ...slot, at: slot.at + index / 1000, hostId: 1 + (index >> 1), slot: index % 2, need: NEED }]
        : [],
    ),
    waiting: waiting.map(({ cpu: asked, ...who }, seq) => ({
      ...request(seq),
      ...who,
      // On several hosts sizes would decide which of two that are as good is taken: that depends on the index's past.
      need: { ...NEED, cpu: slots.length > 2 ? null : asked },
    })),
    policy: {
      teams: new Map([
        ["a", shares[0]],
        ["b", shares[1]],
      ]),
      classes: [
        { name: "release", reserved },
        { name: "default", reserved: 0 },
      ],
      // No two are due at once.
      ageingMs: 2.5,
    },
  }));

const lengthOf = ({ seq }: Request) => 100 + 37.1 * seq;

function roomsOf({ hosts }: Model, holdings: readonly Occupant[]): HostRoom[] {
  return Array.from({ length: hosts }, (_, index) => {
    const empty = room(index + 1, [0, 1]);
    const there = holdings.filter(({ hostId }) => hostId === empty.hostId);
    const taken = there.map(({ need }) => demandOn(empty, need));
    return {
      ...empty,
      freeSlots: empty.freeSlots.filter((slot) => there.every((holding) => holding.slot !== slot)),
      freeCpu: empty.freeCpu - taken.reduce((sum, demand) => sum + demand.cpu, 0),
      freeMemoryMiB: empty.freeMemoryMiB - taken.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
    };
  });
}

/** The scheduler over a fleet that is made anew for every decision, until the VM is placed. */
function play(fleet: Model, vmId: string): number | undefined {
  let holdings = [...fleet.holdings];
  let waiting = [...fleet.waiting];
  let now = 0;
  for (;;) {
    for (;;) {
      const rooms = makeRoomIndex("spread");
      for (const host of roomsOf(fleet, holdings)) rooms.put(host);
      const queue = makeWaitQueue((asked) => dueOf(fleet.policy, asked));
      for (const asked of waiting) queue.put(asked);
      const held = makeHeld();
      for (const holding of holdings) held.add(holding.hostId, holding);
      const [placed] = decide({ rooms, queue, held, policy: fleet.policy }, 1);
      const asked = waiting.find((candidate) => candidate.vmId === placed?.vmId);
      if (!placed || !asked) break;
      if (asked.vmId === vmId) return now;
      waiting = waiting.filter((candidate) => candidate !== asked);
      const { hostId, slot } = placed;
      holdings.push({ ...asked, hostId, slot, at: now + lengthOf(asked) });
    }
    const [next] = holdings.toSorted((a, b) => a.at - b.at);
    if (!next) return undefined;
    now = next.at;
    holdings = holdings.filter((holding) => holding !== next);
  }
}

test("a forecast of shares, classes and sizes, with lengths that are known, is what the scheduler then does", () => {
  fc.assert(
    fc.property(model, fc.nat(7), (fleet, which) => {
      const asked = fleet.waiting[which % fleet.waiting.length];
      if (!asked) return;
      const queue = makeWaitQueue((candidate) => dueOf(fleet.policy, candidate));
      for (const one of fleet.waiting) queue.put(one);
      const told = forecast(
        {
          rooms: roomsOf(fleet, fleet.holdings),
          returning: [],
          occupants: fleet.holdings,
          lines: [...queue.lines()],
          policy: fleet.policy,
          layout: "spread",
          leaves: ({ at }) => at,
          stays: lengthOf,
        },
        asked.vmId,
      );
      const start = play(fleet, asked.vmId);
      expect({ p50: told.p50, p90: told.p90 }).toEqual({ p50: start, p90: start });
    }),
    { numRuns: 300 },
  );
});
