import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineOf } from "../src/frame/print.ts";
import { growthOf, summarise } from "../src/frame/result.ts";
import { atLeast, atMost, type Scenario } from "../src/frame/scenario.ts";

const scenario: Scenario = {
  name: "reads",
  about: "",
  figures: [
    { name: "rate", unit: "calls/s", moreIsBetter: true, aim: atLeast("ratio", 0.4), growth: 0.2 },
    { name: "p99", unit: "ms", aim: atMost("value", 25), growth: 1.1 },
  ],
  run: async () => [],
};
const [rate, p99] = scenario.figures;

describe("what samples come to", () => {
  it("are medians, with the ratio to the twin of the same moment", () => {
    const [result] = summarise(scenario, 10, [
      { figure: "rate", value: 50, baseline: 100 },
      { figure: "rate", value: 30, baseline: 100 },
      { figure: "rate", value: 90, baseline: 100 },
    ]);
    expect(result).toMatchObject({ name: "reads rate 10x", value: 50, baseline: 100, ratio: 0.5, met: true });
  });

  it("miss an aim in either direction", () => {
    const results = summarise(scenario, 1, [
      { figure: "rate", value: 39, baseline: 100 },
      { figure: "p99", value: 25.1 },
    ]);
    expect(results.map(({ aim, met }) => [aim, met])).toEqual([
      ["ratio >= 0.4", false],
      ["<= 25", false],
    ]);
    expect(results.map(lineOf).every((line) => line.includes("MISSED"))).toBe(true);
  });
});

describe("growth", () => {
  it("is the power of the fleet's size that the cost follows", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -2, max: 2, noNaN: true }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (power, unit) => {
          const costs = new Map([1, 10, 100].map((factor) => [factor, unit * factor ** power]));
          const speeds = new Map([...costs].map(([factor, cost]) => [factor, 1 / cost]));
          expect(p99 && growthOf(scenario, p99, costs)?.value).toBeCloseTo(power, 6);
          expect(rate && growthOf(scenario, rate, speeds)?.value).toBeCloseTo(power, 6);
        },
      ),
    );
  });

  it("is not told of one scale", () => {
    expect(p99 && growthOf(scenario, p99, new Map([[1, 5]]))).toBeUndefined();
  });
});
