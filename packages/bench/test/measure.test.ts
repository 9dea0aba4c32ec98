import { expect, it } from "vitest";
import { measure } from "../src/frame/measure.ts";
import { SMOKE, type Scenario } from "../src/frame/scenario.ts";

const scenario = (name: string, run: Scenario["run"]): Scenario => ({
  name,
  about: "",
  figures: [{ name: "p99", unit: "ms" }],
  run,
});
const broken = scenario("broken", async () => {
  throw new Error("calls failed: 3 x HTTP 503");
});
const whole = scenario("whole", async () => [{ figure: "p99", value: 2 }]);

it("goes on with the others when a scenario cannot be measured, and tells of it", async () => {
  const seen: string[] = [];
  const options = {
    scenarios: [broken, whole],
    scales: [SMOKE],
    say: () => {},
    onResult: ({ name, value }: { name: string; value: number }) => seen.push(`${name}: ${value}`),
  };
  await measure({ ...options, onFailure: (what, error) => seen.push(`${what}: ${String(error)}`) });

  expect(seen).toEqual(["broken 1x: Error: calls failed: 3 x HTTP 503", "whole p99 1x: 2"]);
  await expect(measure(options)).rejects.toThrow("calls failed");
});
