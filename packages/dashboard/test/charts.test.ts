import { slotReportCsv, type HistoryAnswer, type SlotReport } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { drawnOf, minutesText } from "../src/accounts/lines.ts";
import { DAYS, daysOf } from "../src/accounts/view.ts";
import { extremesOf, sentenceOf, shapeOf } from "../src/charts/shape.ts";

const FROM = Date.parse("2026-03-01T00:00:00.000Z");
const iso = (ms: number) => new Date(ms).toISOString();

const line = fc.record({
  key: fc.constantFrom("a", "b", "c", "(other)"),
  points: fc.uniqueArray(fc.nat(11), { maxLength: 12 }).map((steps) =>
    steps.map((step) => ({
      at: iso(FROM + step * 300_000),
      count: step + 1,
      mean: step,
      max: step,
      p50: step,
      p95: 2 * step,
    })),
  ),
});
const anAnswer = fc.uniqueArray(line, { selector: ({ key }) => key }).map((lines): HistoryAnswer => ({
  series: "wait",
  from: iso(FROM),
  to: iso(FROM + 3_600_000),
  step: "5m",
  lines,
}));

test("a chart has a row for each step of its time, with every point in it and nothing else", () => {
  fc.assert(
    fc.property(anAnswer, (answer) => {
      const { keys, rows } = shapeOf(answer, ({ count }) => count, 0);
      expect(rows.map(({ at }) => (at - FROM) / 300_000)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      expect([...keys].sort()).toEqual(answer.lines.map(({ key }) => key).sort());
      for (const { key, points } of answer.lines) {
        const drawn = rows.reduce((sum, { values }) => sum + (values[key] ?? 0), 0);
        expect(drawn).toBe(points.reduce((sum, { count }) => sum + count, 0));
      }
    }),
  );
});

const answer: HistoryAnswer = {
  series: "wait",
  from: iso(FROM + 60_000),
  to: iso(FROM + 900_000),
  step: "5m",
  lines: [
    { key: "few", points: [{ at: iso(FROM), count: 1, mean: 1, max: 1, p50: 1, p95: 1 }] },
    {
      key: "many",
      points: [
        { at: iso(FROM), count: 9, mean: 1, max: 1, p50: 40, p95: 90 },
        { at: iso(FROM + 600_000), count: 2, mean: 1, max: 1, p50: 20, p95: 30 },
      ],
    },
  ],
};

test("the largest comes first, but for what has a place of its own; what is not known is not nought", () => {
  const measured = shapeOf(answer, ({ p50 }) => p50, null);
  expect(measured.keys).toEqual(["many", "few"]);
  expect(measured.rows.map(({ values }) => values["many"])).toEqual([40, null, 20]);
  expect(shapeOf(answer, ({ p50 }) => p50, null, ["few"]).keys).toEqual(["few", "many"]);
});

test("a chart is told in a sentence", () => {
  const shape = shapeOf(answer, ({ p50 }) => p50, null, ["many"]);
  expect(extremesOf(shape, "many")).toEqual({ most: 40, mostAt: FROM, last: 20 });
  expect(extremesOf(shape, "none")).toBeUndefined();
  const words = {
    name: (key: string) => key,
    value: (value: number) => `${value} s`,
    time: (at: number) => iso(at).slice(11, 16),
  };
  expect(sentenceOf("Waiting", shape, words)).toBe(
    "Waiting. many: at most 40 s (00:00), in the end 20 s; few: at most 1 s (00:00), in the end 1 s.",
  );
  expect(sentenceOf("Waiting", { keys: [], rows: [] }, words)).toBe("Waiting: nothing was observed.");
});

test("days are whole UTC days up to today, in order", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...DAYS),
      fc.date({ min: new Date(0), noInvalidDate: true }),
      (days, date) => {
        const { from, to } = daysOf(days, date.getTime());
        expect(from <= to).toBe(true);
        expect(to <= date.toISOString().slice(0, 10)).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
  const now = Date.parse("2026-03-15T12:00:00Z");
  expect(daysOf("this-month", now)).toEqual({ from: "2026-03-01", to: "2026-03-15" });
  expect(daysOf("last-month", now)).toEqual({ from: "2026-02-01", to: "2026-02-28" });
  expect(daysOf("7d", now)).toEqual({ from: "2026-03-09", to: "2026-03-15" });
});

const minutes = { booting: 2.5, working: 60, draining: 1, warm: 0, held: 0, phantom: 0 };
const sums = { slotMinutes: 63.5, waitingMinutes: 7, minutes };
const report: SlotReport = {
  from: "2026-03-01",
  to: "2026-03-30",
  by: ["team", "image"],
  labels: [],
  lines: [
    { key: { team: "ios", image: "ghcr.io/org/a" }, ...sums },
    { key: { team: null, image: null }, ...sums },
  ],
  total: sums,
};

test("a report is drawn by the kinds that have any minutes, and saved whole", () => {
  expect(drawnOf(report)).toMatchObject({
    kinds: ["booting", "working", "draining"],
    rows: [{ name: "ios, ghcr.io/org/a" }, { name: "nobody’s, nobody’s" }],
  });
  expect(slotReportCsv(report).split("\r\n")[1]).toBe("ios,ghcr.io/org/a,63.5,2.5,60,1,0,0,0,7");
  expect([0.25, 99.94, 1234.5].map(minutesText)).toEqual(["0.3", "99.9", "1,235"]);
});
