import { expect, test } from "vitest";
import { makeBudget } from "../../../src/integrations/github/budget.ts";

function budgetAt(start = 1_000_000) {
  let now = start;
  const budget = makeBudget(() => now);
  return { budget, pass: (ms: number) => void (now += ms) };
}

test("after the last request of the hour nothing is asked until the next begins", () => {
  const { budget, pass } = budgetAt();
  budget.heard(200, {
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": "1060",
  });
  expect(() => budget.require()).toThrow(/60 s/);
  expect(budget.left()).toBe(0);
  pass(60_000);
  expect(() => budget.require()).not.toThrow();
});

test.each([403, 429])("a secondary limit (%i) is rested from for as long as it says", (status) => {
  const { budget, pass } = budgetAt();
  budget.heard(status, { "retry-after": "30" });
  pass(29_000);
  expect(() => budget.require()).toThrow();
  pass(1000);
  expect(() => budget.require()).not.toThrow();
});

test("a refusal for want of a permission is no limit", () => {
  const { budget } = budgetAt();
  budget.heard(403, { "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4999" });
  expect(() => budget.require()).not.toThrow();
});
