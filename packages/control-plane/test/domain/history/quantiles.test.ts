import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMeasured } from "../../../src/domain/history/gap.ts";
import { quantileOf, remainingOf } from "../../../src/domain/history/quantiles.ts";

const values = fc
  .array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 50 })
  .map((all) => all.toSorted((a, b) => a - b));

describe("quantiles", () => {
  test("of nothing there are none", () => {
    expect(quantileOf([], 0.5)).toBeUndefined();
    expect(remainingOf([3, 4], 4, 0.5)).toBeUndefined();
  });

  test("lie between the least and the greatest, grow with p, and are in the middle what the middle is", () => {
    fc.assert(
      fc.property(values, fc.float({ min: 0, max: 1, noNaN: true }), (sorted, p) => {
        const at = quantileOf(sorted, p) ?? -1;
        expect(at).toBeGreaterThanOrEqual(quantileOf(sorted, 0) ?? Infinity);
        expect(at).toBeLessThanOrEqual(quantileOf(sorted, 1) ?? -1);
        expect(quantileOf(sorted, Math.min(1, p + 0.1)) ?? -1).toBeGreaterThanOrEqual(at);
      }),
    );
    expect(quantileOf([1, 2, 9], 0.5)).toBe(2);
    expect(quantileOf([1, 2], 0.5)).toBe(1.5);
  });

  test("what is left goes by those alone that took longer than that already", () => {
    expect(remainingOf([10, 20, 100], 15, 0)).toBe(5);
    expect(remainingOf([10, 20, 100], 50, 0.5)).toBe(50);
  });
});

describe("a duration is believed", () => {
  const gap = { from: 100_000, until: 200_000 };
  const spans = [
    { what: "without any gap", phase: "booting", from: 0, until: 9, gap: undefined, believed: true },
    { what: "unless it is negative", phase: "booting", from: 9, until: 0, gap: undefined, believed: false },
    { what: "not across a gap", phase: "booting", from: 90_000, until: 300_000, gap, believed: false },
    { what: "not when told right after it", phase: "run", from: 0, until: 200_500, gap, believed: false },
    {
      what: "not when begun right after it",
      phase: "run",
      from: 200_500,
      until: 900_000,
      gap,
      believed: false,
    },
    {
      what: "once what piled up was told",
      phase: "booting",
      from: 210_000,
      until: 230_000,
      gap,
      believed: true,
    },
    {
      what: "of a run from before it to after it",
      phase: "run",
      from: 0,
      until: 900_000,
      gap,
      believed: true,
    },
  ] as const;
  test.each(spans)("$what", ({ phase, from, until, gap: newest, believed }) => {
    expect(isMeasured({ phase, from, until }, newest, 0)).toBe(believed);
  });

  test("of an attempt that began after the gap, at once", () => {
    expect(isMeasured({ phase: "booting", from: 201_000, until: 202_000 }, gap, 200_000)).toBe(true);
  });
});
