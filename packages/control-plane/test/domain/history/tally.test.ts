import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { merged, ONCE, quantileIn, sampled, timed, type Tally } from "../../../src/domain/history/tally.ts";

/** From a millisecond to a month. */
const duration = fc.integer({ min: 0, max: 31 * 86_400_000 });
const durations = fc.array(duration, { minLength: 1, maxLength: 60 });
const tallyOf = (all: readonly number[]): Tally => all.map(timed).reduce(merged);

describe("a histogram of durations", () => {
  test("tells each quantile with an error of at most 2.5 %, or a millisecond", () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, p) => {
        const sorted = all.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(p * sorted.length) - 1] ?? -1;
        const told = quantileIn(tallyOf(all), p) ?? -1;
        expect(Math.abs(told - exact)).toBeLessThanOrEqual(Math.max(1, exact * 0.025));
      }),
    );
  });

  test("is the same whether its durations were added at once, in parts, or in another order", () => {
    fc.assert(
      fc.property(durations, durations, durations, (a, b, c) => {
        const whole = tallyOf([...a, ...b, ...c]);
        expect(merged(tallyOf(a), merged(tallyOf(b), tallyOf(c)))).toEqual(whole);
        expect(merged(merged(tallyOf(c), tallyOf(a)), tallyOf(b))).toEqual(whole);
      }),
    );
  });

  test("survives being written down and read", () => {
    fc.assert(
      fc.property(durations, durations, (a, b) => {
        const read = JSON.parse(JSON.stringify(tallyOf(a))) as Tally;
        expect(merged(read, tallyOf(b))).toEqual(tallyOf([...a, ...b]));
      }),
    );
  });
});

test("what is counted or sampled has a sum and a greatest, and no quantile", () => {
  expect(merged(merged(sampled(4), sampled(0)), sampled(2))).toMatchObject({ count: 3, sum: 6, max: 4 });
  expect(merged(ONCE, ONCE)).toMatchObject({ count: 2, sum: 2 });
  expect(quantileIn(sampled(3), 0.5)).toBeNull();
});

test("a clock that was set back made no duration shorter than none", () => {
  expect(timed(-5)).toEqual(timed(0));
});
