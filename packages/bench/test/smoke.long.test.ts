import { expect, it } from "vitest";
import { SCENARIOS } from "../src/scenarios/index.ts";
import { smoke } from "./support.ts";

it("measures restarts, pasts and a whole agent too", async () => {
  const { names, results } = await smoke(SCENARIOS.filter(({ restarts }) => restarts === true));

  expect(results.map(({ name }) => name)).toEqual(names);
  expect(results.filter(({ value }) => !Number.isFinite(value))).toEqual([]);
});
