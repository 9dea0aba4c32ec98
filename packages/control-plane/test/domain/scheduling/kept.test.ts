import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decide } from "../../../src/domain/scheduling/decide.ts";
import { hostsToKeep } from "../../../src/domain/scheduling/kept.ts";
import { AGEING_MS, request, room, viewOf } from "./rooms.ts";

const LARGE = { cpu: 8, memoryMiB: 16_384 };
const taken = fc.constantFrom(
  { freeSlots: [0, 1], freeCpu: 8, freeMemoryMiB: 16_384 },
  { freeSlots: [1], freeCpu: 4, freeMemoryMiB: 8192 },
  { freeSlots: [], freeCpu: 0, freeMemoryMiB: 0 },
);
const fleet = fc.record({
  rooms: fc.array(taken, { minLength: 1, maxLength: 60 }),
  large: fc.array(fc.nat(2 * AGEING_MS), { maxLength: 8 }),
  small: fc.nat(5),
  now: fc.integer({ min: 0, max: 3 * AGEING_MS }),
});

test("a host stays kept while its VM fits elsewhere, where others may come first", () => {
  const full = { freeSlots: [], freeCpu: 0, freeMemoryMiB: 0 };
  const view = viewOf([room(1, full), room(2, {})], [request(1, { since: 0, need: LARGE })]);
  expect([...hostsToKeep(view, new Set([1]), AGEING_MS).hostIds]).toEqual([1]);
  expect([...hostsToKeep(view, new Set(), AGEING_MS).hostIds]).toEqual([]);
});

test("hosts are kept for large VMs that have waited long, for no others, and never many", () => {
  fc.assert(
    fc.property(fleet, ({ rooms, large, small, now }) => {
      const all = rooms.map((changed, index) => room(index + 1, changed));
      const requests = [
        ...large.map((since, index) => request(index + 1, { team: `t${index}`, since, need: LARGE })),
        ...Array.from({ length: small }, (_, index) => request(100 + index, { since: 0 })),
      ];
      const view = viewOf(all, requests);
      decide(view, 1000);
      const { hostIds, nextAt } = hostsToKeep(view, new Set(), now);
      const waiting = [...view.queue.lines()].filter(({ need }) => need.cpu !== null);
      const long = waiting.filter(({ requests: [first] }) => now - (first?.since ?? now) >= AGEING_MS);
      expect(hostIds.size).toBeLessThanOrEqual(Math.min(long.length, Math.floor(rooms.length / 20) + 1));
      if (long.length > 0) expect(hostIds.size).toBeGreaterThan(0);
      const others = waiting.filter((line) => !long.includes(line));
      const dues = others.map(({ requests: [first] }) => (first?.since ?? 0) + AGEING_MS);
      const isFull = hostIds.size > rooms.length / 20;
      // When one more may be kept something has happened, and it is decided anew.
      if (!isFull) expect(nextAt).toBe(dues.length === 0 ? undefined : Math.min(...dues));
      // Who is kept stays kept, and takes the large one as soon as it is empty.
      expect(hostsToKeep(view, hostIds, now).hostIds).toEqual(hostIds);
      const [hostId] = hostIds;
      if (hostId === undefined) return;
      view.rooms.put(room(hostId, { isKept: true }));
      view.queue.unpark(() => true);
      expect(hostsToKeep(view, hostIds, now).hostIds).toContain(hostId);
      expect(decide(view, 1000).map((placement) => placement.hostId)).toEqual([hostId]);
    }),
  );
});
