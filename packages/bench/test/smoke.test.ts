import { describe, expect, it } from "vitest";
import { measure } from "../src/frame/measure.ts";
import type { Result } from "../src/frame/result.ts";
import { SMOKE } from "../src/frame/scenario.ts";
import { SCENARIOS } from "../src/scenarios/index.ts";

describe("the benchmarks", () => {
  it("all measure what they say, on the smallest fleet", async () => {
    const results: Result[] = [];
    await measure({
      scenarios: SCENARIOS,
      scales: [SMOKE],
      say: () => {},
      onResult: (result) => results.push(result),
      sharesFleet: true,
    });

    const names = SCENARIOS.flatMap(({ name, figures }) =>
      figures.map((figure) => `${name} ${figure.name} 1x`),
    );
    expect(results.map(({ name }) => name)).toEqual(names);
    expect(results.filter(({ value }) => !Number.isFinite(value))).toEqual([]);
    const lost = results.filter(({ unit }) => unit === "VMs").map(({ value }) => value);
    expect(lost.every((count) => count === 0)).toBe(true);
  }, 120_000);
});
