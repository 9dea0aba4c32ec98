import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseDuration } from "../../src/duration.ts";
import { age, durationText } from "../../src/output/time.ts";

test.for<[string, number | undefined]>([
  ["90", 90],
  ["90s", 90],
  ["10m", 600],
  ["6h", 21_600],
  ["1h30m", 5400],
  ["2d", 172_800],
  ["", undefined],
  ["h", undefined],
  ["-5m", undefined],
  ["1.5h", undefined],
  ["10 m", undefined],
  ["5w", undefined],
])("%s is %s seconds", ([text, seconds]) => {
  expect(parseDuration(text)).toBe(seconds);
});

test("a duration that is printed is one that can be given", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3599 }), (seconds) => {
      expect(parseDuration(durationText(seconds * 1000).replaceAll(" ", ""))).toBe(seconds);
    }),
  );
});

test.for([
  [0, "0s"],
  [42_000, "42s"],
  [185_000, "3m 5s"],
  [7_200_000, "2h"],
  [7_201_000, "2h"],
  [367_200_000, "4d 6h"],
] as const)("%s ms are %s", ([milliseconds, text]) => {
  expect(durationText(milliseconds)).toBe(text);
});

test("ages", () => {
  const now = Date.parse("2026-01-01T12:00:00.000Z");
  expect(age("2026-01-01T11:56:30.000Z", now)).toBe("3m ago");
  expect(age("2026-01-01T14:00:00.000Z", now)).toBe("in 2h");
  expect(age("2026-01-01T12:00:00.000Z", now)).toBe("now");
  expect(age(null, now)).toBe("-");
});
