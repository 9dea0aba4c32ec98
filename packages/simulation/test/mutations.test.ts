import { describe, expect, test } from "vitest";
import { MUTATIONS } from "../src/mutations/mutations.ts";
import { makePlan } from "../src/plan/make-plan.ts";
import { simulate } from "../src/run.ts";

/** Within so many seeds, from the first on, every planted bug is found. */
const SEEDS = 15;
const SIZE = { hosts: 2, actions: 45 };

/** Where the first seeds do not show it, one that does: looked at first, to save time. */
const KNOWN: Readonly<Record<string, number>> = {
  "a slot is freed at the first rung of the stop ladder": 3,
  "a budget that runs out is not extended at a restart": 10,
  "a report of a former attempt counts for the present one": 8,
  "a stale session may go on": 2,
  "a hook's announcement counts as the runner's exit": 7,
  "a client's end is taken for a guest's announcement": 7,
  "a restored database keeps the name of its log": 2,
  "a list that fails is taken for an empty one": 5,
  "an agent's stop ends every VM of its host": 3,
  "all VMs are taken for Linux ones, which need no slot": 14,
  "the journal is not written": 2,
};

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

  test("the script of a planted bug does no harm without it", async () => {
    for (const { plan } of MUTATIONS) {
      if (plan) expect((await simulate("1", plan)).violation).toBeUndefined();
    }
  });

  test.each(MUTATIONS)("$name", async ({ name, bugs, plan }) => {
    for (const seed of order(name)) {
      const { violation } = await simulate(String(seed), plan ?? makePlan(String(seed), SIZE), bugs);
      if (violation) return;
    }
    expect.fail(`${SEEDS} seeds did not show it`);
  });
});
