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

test.each([
  [403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."],
  [403, "You have triggered an abuse detection mechanism."],
  [429, ""],
])("a limit (%i) that does not say for how long is rested from longer each time", (status, said) => {
  const { budget, pass } = budgetAt();
  const headers = { "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4999" };
  const rests = () => {
    budget.heard(status, headers, said);
    let seconds = 0;
    for (; ; seconds += 30, pass(30_000)) {
      try {
        budget.require();
        return seconds;
      } catch {
        // It rests still.
      }
    }
  };
  expect([rests(), rests(), rests()]).toEqual([60, 120, 240]);
  expect([rests(), rests(), rests()]).toEqual([480, 900, 900]);
  budget.heard(200, headers);
  expect(rests()).toBe(60);
});

test("a time to wait that is no number counts as none said", () => {
  const { budget, pass } = budgetAt();
  budget.heard(429, { "retry-after": "Fri, 27 Nov 2026 02:00:00 GMT" });
  pass(59_000);
  expect(() => budget.require()).toThrow(/1 s/);
  pass(1000);
  expect(() => budget.require()).not.toThrow();
});

test("a refusal for want of a permission is no limit", () => {
  const { budget } = budgetAt();
  budget.heard(403, { "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4999" });
  expect(() => budget.require()).not.toThrow();
});
