import { expect, it } from "vitest";
import { SCENARIOS } from "../src/scenarios/index.ts";
import { smoke } from "./support.ts";

it("measures what it says on the smallest fleet, and every VM is told to one agent", async () => {
  const { names, results } = await smoke(SCENARIOS.filter(({ restarts }) => restarts !== true));

  expect(results.map(({ name }) => name)).toEqual(names);
  expect(results.filter(({ value }) => !Number.isFinite(value))).toEqual([]);
  const lost = results.filter(({ unit }) => unit === "VMs").map(({ value }) => value);
  expect(lost).toEqual([0, 0]);
}, 300_000);
