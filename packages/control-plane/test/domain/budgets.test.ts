import * as fc from "fast-check";
import { expect, test } from "vitest";
import { budgetFor } from "../../src/domain/budgets.ts";

const MINUTE = 60_000;
const past = (p99Ms: number, count = 50, timeouts = 0) => ({ p99Ms, count, timeouts });

test("three times what 99 of 100 took, once enough is known", () => {
  expect(budgetFor(undefined, past(60_000), 10 * MINUTE)).toEqual({ ms: 3 * MINUTE, source: "learned" });
  expect(budgetFor(undefined, past(60_000, 19), 10 * MINUTE)).toEqual({ ms: 10 * MINUTE, source: "default" });
  expect(budgetFor(undefined, { count: 0, p99Ms: undefined, timeouts: 0 }, MINUTE)).toEqual({
    ms: MINUTE,
    source: "default",
  });
});

test("what was asked for holds, whatever is known", () => {
  expect(budgetFor(5000, past(60_000), 10 * MINUTE)).toEqual({ ms: 5000, source: "request" });
});

test("two timeouts among the newest attempts show that what was learned is no longer so", () => {
  expect(budgetFor(undefined, past(20_000, 50, 1), 10 * MINUTE).source).toBe("learned");
  expect(budgetFor(undefined, past(20_000, 50, 2), 10 * MINUTE)).toEqual({
    ms: 10 * MINUTE,
    source: "default",
  });
});

test("a learned budget is never far from the default, and longer phases never get less", () => {
  const ms = fc.integer({ min: 1, max: 100 * MINUTE });
  fc.assert(
    fc.property(ms, ms, fc.integer({ min: 1000, max: 30 * MINUTE }), (a, b, preset) => {
      const [shorter, longer] = [Math.min(a, b), Math.max(a, b)];
      const [less, more] = [shorter, longer].map((p99) => budgetFor(undefined, past(p99), preset).ms) as [
        number,
        number,
      ];
      expect(less).toBeLessThanOrEqual(more);
      expect(less).toBeGreaterThanOrEqual(Math.floor(Math.min(preset, Math.max(MINUTE, preset / 5))));
      expect(more).toBeLessThanOrEqual(3 * preset);
    }),
  );
});
