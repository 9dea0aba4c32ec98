import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linesOf, type KeptSpan } from "../../../src/domain/history/points.ts";
import { keptAs, makeSpan, MOST_KEYS } from "../../../src/domain/history/rollup.ts";
import { beginOf, DAY_MS, stepFor, STEPS } from "../../../src/domain/history/spans.ts";
import { merged, ONCE, timed } from "../../../src/domain/history/tally.ts";

describe("an open span", () => {
  test("loses nothing and keeps no more keys than it may, however many there are", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 400 }), (teams) => {
        const span = makeSpan();
        for (const team of teams) span.add({ series: "team_wait", key: `team-${team}`, tally: ONCE });
        const all = span.changed();
        expect(all.reduce((sum, { tally }) => sum + tally.count, 0)).toBe(teams.length);
        expect(all.length).toBeLessThanOrEqual(MOST_KEYS + 1);
      }),
    );
  });

  test("that goes on from what was kept is the one that was never written down", () => {
    const observed = fc.record({
      series: fc.constantFrom("wait" as const, "boot" as const),
      key: fc.nat(60).map(String),
      tally: fc.nat(100_000).map(timed),
    });
    fc.assert(
      fc.property(fc.array(observed), fc.array(observed), (first, then) => {
        const whole = makeSpan();
        for (const one of [...first, ...then]) whole.add(one);
        const kept = makeSpan();
        for (const one of first) kept.add(one);
        const on = makeSpan(kept.changed());
        for (const one of then) on.add(one);
        const touched = new Map(on.changed().map((one) => [`${one.series} ${one.key}`, one]));
        const rows = kept.changed().map((one) => touched.get(`${one.series} ${one.key}`) ?? one);
        const added = [...touched.values()].filter((one) => !rows.includes(one));
        expect(new Set([...rows, ...added])).toEqual(new Set(whole.changed()));
      }),
    );
  });

  test("keeps the phase of what is one too many", () => {
    const full = { has: () => false, size: MOST_KEYS };
    expect(keptAs("booting ghcr.io/org/image", full)).toBe("booting (other)");
    expect(keptAs("red", full)).toBe("(other)");
    expect(keptAs("red", { has: () => true, size: MOST_KEYS })).toBe("red");
  });
});

describe("points", () => {
  const span = fc.record({
    start: fc.nat(300).map((minute) => minute * 60_000),
    key: fc.constantFrom("", "red"),
    tally: fc.nat(100_000).map(timed),
  });

  test("are as far apart as asked, and of all observations", () => {
    fc.assert(
      fc.property(fc.array(span), (spans: KeptSpan[]) => {
        const lines = linesOf(spans, 300_000, 1000);
        for (const { key, points } of lines) {
          expect(new Set(points.map(({ at }) => at)).size).toBe(points.length);
          expect(points.every(({ at }) => at % 300_000 === 0)).toBe(true);
          const own = spans.filter((each) => each.key === key);
          expect(points.reduce((sum, { count }) => sum + count, 0)).toBe(own.length);
        }
      }),
    );
  });

  test("give the mean and the greatest in the unit that was asked for", () => {
    const tally = merged(timed(1000), timed(3000));
    const [line] = linesOf([{ start: 0, key: "", tally }], 60_000, 1000);
    expect(line?.points).toMatchObject([{ at: 0, count: 2, mean: 2, max: 3 }]);
  });
});

describe("a step", () => {
  const now = 1_700_000_000_000;
  test.each([
    ["6 hours", 0.25, "1m"],
    ["a day", 1, "5m"],
    ["a week", 7, "1h"],
    ["a month", 30, "6h"],
    ["a year", 365, "1d"],
  ] as const)("for %s", (_what, days, step) => {
    expect(stepFor(now - days * DAY_MS, now, now)).toBe(step);
  });

  test("is never of rows that are forgotten already", () => {
    expect(stepFor(now - 100 * DAY_MS, now - 99 * DAY_MS, now)).toBe("1d");
    expect(stepFor(now - 3 * DAY_MS, now - 2 * DAY_MS, now)).toBe("1h");
  });

  test("holds whole rows", () => {
    for (const { ms, of } of Object.values(STEPS)) {
      const { ms: row } = { minute: { ms: 60_000 }, hour: { ms: 3_600_000 }, day: { ms: DAY_MS } }[of];
      expect(ms % row).toBe(0);
      expect(beginOf(now, ms) % row).toBe(0);
    }
  });
});
