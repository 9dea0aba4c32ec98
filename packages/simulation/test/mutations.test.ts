import { describe, expect, test } from "vitest";
import { MUTATIONS } from "../src/mutations/mutations.ts";
import { makePlan } from "../src/plan/make-plan.ts";
import { simulate } from "../src/run.ts";

/** Within so many seeds, from the first on, every planted bug is found. */
const SEEDS = 15;
const SIZE = { hosts: 2, actions: 45 };

/** Where the first seeds do not show it, one that does: looked at first, to save time. */
const KNOWN: Readonly<Record<string, number>> = {};

const order = (name: string) => {
  const seeds = Array.from({ length: SEEDS }, (_, seed) => seed + 1);
  const known = KNOWN[name];
  return known === undefined ? seeds : [known, ...seeds];
};

describe(`a planted bug is found within ${SEEDS} seeds`, () => {
  test("there are at least 25, each with a name of its own", () => {
    expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(25);
  });

  test.each(MUTATIONS)("$name", async ({ name, bugs }) => {
    for (const seed of order(name)) {
      const { violation } = await simulate(String(seed), makePlan(String(seed), SIZE), bugs);
      if (violation) return;
    }
    expect.fail(`${SEEDS} seeds did not show it`);
  });
});
