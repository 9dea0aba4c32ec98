import { measure } from "../src/frame/measure.ts";
import type { Result } from "../src/frame/result.ts";
import { SMOKE, type Scenario } from "../src/frame/scenario.ts";

/** Measures scenarios on the smallest fleet. @returns the names of all figures, and what came of each */
export async function smoke(scenarios: readonly Scenario[]): Promise<{ names: string[]; results: Result[] }> {
  const results: Result[] = [];
  await measure({
    scenarios,
    scales: [SMOKE],
    say: () => {},
    onResult: (result) => results.push(result),
    isSmoke: true,
  });
  const names = scenarios.flatMap(({ name, figures }) =>
    figures.map((figure) => `${name} ${figure.name} 1x`),
  );
  return { names, results };
}
