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
  "a stale session may go on": 3,
  "of reports that come together only the first is applied": 9,
  "a hook's announcement counts as the runner's exit": 12,
  "a client's end is taken for a guest's announcement": 2,
  "a restored database keeps the name of its log": 8,
  "an agent's stop ends every VM of its host": 5,
  "all VMs are taken for Linux ones, which need no slot": 16,
};

const order = (name: string) => {
  const seeds = Array.from({ length: SEEDS }, (_, seed) => seed + 1);
  const known = KNOWN[name];
  return known === undefined ? seeds : [known, ...seeds];
};

describe(`a planted bug is found within ${SEEDS} seeds`, () => {
  test("there are at least 45, each with a name of its own", () => {
    expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(45);
  });

  const scripts = new Set(MUTATIONS.flatMap(({ plan }) => plan ?? []));
  test.each([...scripts])("a script does no harm without its bug: %#", async (plan) => {
    expect((await simulate("1", plan)).violation).toBeUndefined();
  });

  test.each(MUTATIONS)("$name", async ({ name, bugs, plan }) => {
    for (const seed of order(name)) {
      const { violation } = await simulate(String(seed), plan ?? makePlan(String(seed), SIZE), bugs);
      if (violation) return;
    }
    expect.fail(`${SEEDS} seeds did not show it`);
  });
});
