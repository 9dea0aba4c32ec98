import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hostsThrough, lookOf } from "../src/fleet/filter.ts";
import { moved, type Spot } from "../src/fleet/places-in-grid.ts";
import { verdictOf } from "../src/fleet/verdict.ts";
import { aBoardHost, aBoardVm, aSummary } from "./support/a-board.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

test("a VM on its way to work is shown apart from one that works", () => {
  expect(lookOf({ slot: 0, state: "busy", vm: aBoardVm({ state: "booting" }) })).toBe("starting");
  expect(lookOf({ slot: 0, state: "busy", vm: aBoardVm({ state: "ready" }) })).toBe("busy");
  expect(lookOf({ slot: 0, state: "busy", vm: null })).toBe("busy");
});

test("a filter asks one slot for all that is asked of slots, and the host for its label and name", () => {
  const mixed = aBoardHost({
    name: "mac-1",
    labels: { rack: "a" },
    slots: [
      { slot: 0, state: "busy", vm: aBoardVm({ name: "build", team: "red", image: "x/xcode:16" }) },
      { slot: 1, state: "warm", vm: aBoardVm({ team: "blue" }) },
    ],
  });
  const hosts = [mixed, aBoardHost({ name: "mac-2", labels: { rack: "b" } })];
  const names = (filter: Parameters<typeof hostsThrough>[1]) =>
    hostsThrough(hosts, filter).map(({ name }) => name);
  expect(names({})).toEqual(["mac-1", "mac-2"]);
  expect(names({ team: "red", state: "busy" })).toEqual(["mac-1"]);
  expect(names({ team: "red", state: "warm" })).toEqual([]);
  expect(names({ image: "xcode" })).toEqual(["mac-1"]);
  expect(names({ label: "rack=b" })).toEqual(["mac-2"]);
  expect(names({ label: "rack" })).toEqual(["mac-1", "mac-2"]);
  expect(names({ name: "buil" })).toEqual(["mac-1"]);
  expect(names({ name: "mac-2", state: "free" })).toEqual(["mac-2"]);
});

test("all is well, also when the fleet is full", () => {
  const full = aSummary({
    slots: { busy: 4, total: 4 },
    queue: { depth: 2, oldestSince: "2026-03-01T11:00:00Z" },
  });
  expect(verdictOf(aSummary({}), [aBoardHost({})], NOW)).toMatchObject({
    state: "well",
    sentence: "All is well.",
  });
  expect(verdictOf(full, [aBoardHost({})], NOW)).toMatchObject({
    state: "well",
    sentence: "All is well; the fleet is full and 2 VMs wait.",
  });
  expect(verdictOf(aSummary({ slots: { free: 0, total: 0 } }), [], NOW).sentence).toBe(
    "No Mac has joined the fleet yet.",
  );
});

test.each([
  ["a silent host", {}, { condition: "unreachable" as const }, "bad", "/?state=unreachable"],
  ["a host that the breaker closed", {}, { by: "breaker" as const }, "bad", "/hosts?state=breaker"],
  ["what the doctor found", {}, { errors: 1 }, "bad", "/hosts?state=ill"],
  ["an old agent", {}, { agentIsBehind: true }, "watch", "/hosts?state=behind"],
  ["phantoms", { slots: { phantom: 1, total: 2 } }, {}, "watch", "/?state=phantom"],
  [
    "a wait beside free slots",
    { queue: { depth: 1, oldestSince: "2026-03-01T11:49:00Z" } },
    {},
    "bad",
    "/queue",
  ],
  ["failures", { lastHour: { ended: 9, failed: 1, failures: [] } }, {}, "bad", "/vms?state=failed"],
])("%s is told of, with where to look", (_what, summary, host, severity, href) => {
  const { state, concerns } = verdictOf(aSummary(summary), [aBoardHost(host)], NOW);
  expect(state).toBe(severity);
  expect(concerns).toEqual([expect.objectContaining({ severity, href })]);
});

test("a few failures among many ends, or among few, are no news", () => {
  const of = (ended: number, failed: number) =>
    verdictOf(aSummary({ lastHour: { ended, failed, failures: [] } }), [aBoardHost({})], NOW).state;
  expect(of(99, 5)).toBe("well");
  expect(of(1, 1)).toBe("well");
});

test("keys never lead out of the grid, and every way has a way back", () => {
  const keys = ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"];
  const grid = fc.record({ hosts: fc.integer({ min: 1, max: 50 }), perRow: fc.integer({ min: 1, max: 9 }) });
  const spotIn = ({ hosts }: { hosts: number }): fc.Arbitrary<Spot> =>
    fc.record({ host: fc.integer({ min: 0, max: hosts - 1 }), part: fc.integer({ min: 0, max: 2 }) });
  fc.assert(
    fc.property(
      grid.chain((size) => fc.tuple(fc.constant(size), spotIn(size))),
      fc.constantFrom(...keys),
      fc.boolean(),
      ([size, from], key, ctrlKey) => {
        const to = moved(from, { key, ctrlKey }, size);
        expect(to?.host).toBeGreaterThanOrEqual(0);
        expect(to?.host).toBeLessThan(size.hosts);
        expect([0, 1, 2]).toContain(to?.part);
        const back = { ArrowRight: "ArrowLeft", ArrowDown: "ArrowUp" }[key];
        if (!back || !to || (to.host === from.host && to.part === from.part)) return;
        expect(moved(to, { key: back, ctrlKey }, size)).toEqual(from);
      },
    ),
  );
});
