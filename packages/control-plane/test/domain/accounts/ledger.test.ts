import { SLOT_KINDS, keysOf, slotReportQuerySchema, VM_STATES } from "@tartfleet/shared";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kindOf } from "../../../src/domain/accounts/kind.ts";
import {
  byDay,
  keptLabels,
  keptUnder,
  KEPT_DAYS,
  MOST_OF_DAY,
  MOST_OF_TEAM,
  OTHER,
} from "../../../src/domain/accounts/ledger.ts";
import { reportOf, type Entry } from "../../../src/domain/accounts/report.ts";
import { DAY_MS } from "../../../src/domain/history/spans.ts";

describe("a time in days", () => {
  test("is all of it, each part within one day", () => {
    const time = fc.integer({ min: 0, max: 40 * DAY_MS });
    fc.assert(
      fc.property(time, time, (from, until) => {
        const parts = byDay(from, until);
        expect(parts.reduce((sum, { ms }) => sum + ms, 0)).toBe(Math.max(0, until - from));
        expect(parts.every(({ day, ms }) => day % DAY_MS === 0 && ms > 0 && ms <= DAY_MS)).toBe(true);
        expect(new Set(parts.map(({ day }) => day)).size).toBe(parts.length);
      }),
    );
  });

  test("is bounded, whatever a clock said", () => {
    expect(byDay(0, 100 * 365 * DAY_MS)).toHaveLength(KEPT_DAYS);
  });
});

describe("an account", () => {
  const own = { team: "red", image: "ghcr.io/org/image", labels: { repo: "app" } };

  test("is its own, until its team has as many as it may", () => {
    expect(keptUnder(own, { ofTeam: MOST_OF_TEAM - 1, ofDay: 900 })).toEqual(own);
    expect(keptUnder(own, { ofTeam: MOST_OF_TEAM, ofDay: 900 })).toEqual({
      team: "red",
      image: OTHER,
      labels: { repo: OTHER },
    });
  });

  test("loses its team last", () => {
    expect(keptUnder(own, { ofTeam: 0, ofDay: MOST_OF_DAY })).toEqual({
      team: OTHER,
      image: OTHER,
      labels: { repo: OTHER },
    });
  });

  test("has those labels that are kept, always in one order", () => {
    const labels = { b: "2", a: "1", c: "3" };
    expect(JSON.stringify(keptLabels(labels, ["b", "a", "d"]))).toBe('{"a":"1","b":"2"}');
    expect(keptLabels(labels, [])).toEqual({});
  });
});

test("a slot is used for one thing in each state, and an attempt that was given up is leaving", () => {
  const spec = {};
  expect(VM_STATES.map((state) => [state, kindOf({ attempt: 1, state, spec, end: null }, 1)])).toEqual([
    ["queued", "draining"],
    ["assigned", "booting"],
    ["pulling", "booting"],
    ["cloning", "booting"],
    ["booting", "booting"],
    ["provisioning", "booting"],
    ["ready", "working"],
    ["draining", "draining"],
    ["stopping", "draining"],
    ["deleted", "draining"],
    ["failed", "draining"],
  ]);
  const end = { reason: "runner_exited" };
  expect(kindOf({ attempt: 1, state: "draining", spec, end }, 1)).toBe("held");
  expect(kindOf({ attempt: 1, state: "stopping", spec, end }, 1)).toBe("draining");
  for (const state of VM_STATES) expect(kindOf({ attempt: 2, state, spec, end: null }, 1)).toBe("draining");
  expect(kindOf({ attempt: 1, state: "provisioning", spec: { pool: "xcode" }, end: null }, 1)).toBe("warm");
});

describe("a report", () => {
  const entry = fc.record({
    key: fc.record({
      team: fc.constantFrom("red", "blue", null),
      image: fc.constantFrom("one", "two"),
      day: fc.constantFrom("2026-03-01", "2026-03-02"),
    }),
    kind: fc.constantFrom("waiting" as const, ...keysOf(SLOT_KINDS)),
    ms: fc.nat(10_000).map((tenths) => tenths * 600),
  });
  const by = fc.subarray(["team" as const, "image" as const, "day" as const], { minLength: 1 });

  test("has all the time that it is made of, whatever its lines are by", () => {
    fc.assert(
      fc.property(fc.array(entry), by, (entries: Entry[], parts) => {
        const { lines, total } = reportOf(entries, parts);
        const slots = entries.filter(({ kind }) => kind !== "waiting").reduce((sum, { ms }) => sum + ms, 0);
        expect(total.slotMinutes).toBeCloseTo(slots / 60_000, 6);
        expect(lines.reduce((sum, line) => sum + line.slotMinutes, 0)).toBeCloseTo(total.slotMinutes, 6);
        expect(lines.reduce((sum, line) => sum + line.waitingMinutes, 0)).toBeCloseTo(
          total.waitingMinutes,
          6,
        );
        for (const { slotMinutes, minutes } of [...lines, total]) {
          const sum = Object.values(minutes).reduce((all, each) => all + each, 0);
          expect(sum).toBeCloseTo(slotMinutes, 6);
        }
        expect(new Set(lines.map(({ key }) => JSON.stringify(key))).size).toBe(lines.length);
      }),
    );
  });
});

test.each([
  ["by", { by: "team,lunch" }],
  ["by", { by: "host,team" }],
  ["by", { by: "host", team: "red" }],
  ["from", { from: "2026-03-02", to: "2026-03-01" }],
  ["from", { from: "2026-03-02T00:00:00Z" }],
])("a query that has no answer says that it is %s: %o", (path, query) => {
  const { error } = slotReportQuerySchema.safeParse(query);
  expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
});
