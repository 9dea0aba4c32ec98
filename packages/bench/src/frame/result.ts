import { linearRegression, median, quantile } from "simple-statistics";
import type { Aim, Figure, Sample, Scenario } from "./scenario.ts";

/** One line of what was measured. */
export interface Result {
  name: string;
  value: number;
  unit: string;
  /** The raw twin's; null where there is none. */
  baseline: number | null;
  ratio: number | null;
  aim: string | null;
  /** null where there is no aim, or what was measured is invalid. */
  met: boolean | null;
  /** How far the middle half of the values lies apart, as a part of the median; null for a single one. */
  spread: number | null;
  /** Why it means nothing; null where it does mean something. */
  invalid: string | null;
}

/** What the samples of one scenario at one scale come to: each figure's median. */
export function summarise(scenario: Scenario, factor: number, samples: readonly Sample[]): Result[] {
  return scenario.figures.flatMap((figure) => {
    const own = samples.filter((sample) => sample.figure === figure.name);
    if (own.length === 0) return [];
    const values = own.map(({ value }) => value);
    const paired = own.filter((sample) => sample.baseline !== undefined);
    const ratios = paired.map(({ value, baseline = 1 }) => value / baseline);
    const value = median(values);
    const ratio = ratios.length > 0 ? median(ratios) : null;
    const doubt = own.find((sample) => sample.invalid !== undefined)?.invalid ?? null;
    const invalid = figure.isCount ? null : doubt;
    const isMetBy = (aim: Aim) => isMet(aim, aim.of === "ratio" ? ratio : value);
    return [
      {
        name: `${scenario.name} ${figure.name} ${factor}x`,
        value,
        unit: figure.unit,
        baseline: paired.length > 0 ? median(paired.map(({ baseline = 1 }) => baseline)) : null,
        ratio,
        aim: figure.aim ? textOf(figure.aim) : null,
        met: figure.aim && invalid === null ? isMetBy(figure.aim) : null,
        spread:
          values.length > 1 && value !== 0 ? (quantile(values, 0.75) - quantile(values, 0.25)) / value : null,
        invalid,
      },
    ];
  });
}

/**
 * By which power of the fleet's size a figure's cost grows: 0 is flat, 1 is in proportion.
 *
 * @param medians of the figure, by the factor of the scale
 */
export function growthOf(
  scenario: Scenario,
  figure: Figure,
  medians: ReadonlyMap<number, number>,
): Result | undefined {
  const { growth: limit } = figure;
  if (limit === undefined || medians.size < 2) return undefined;
  const points = [...medians].map(([factor, value]) => [
    Math.log(factor),
    Math.log(figure.moreIsBetter ? 1 / value : value),
  ]);
  const { m: exponent } = linearRegression(points);
  const aim: Aim = { of: "value", is: "at most", limit };
  return {
    name: `${scenario.name} ${figure.name} growth`,
    value: exponent,
    unit: "exponent",
    baseline: null,
    ratio: null,
    aim: textOf(aim),
    met: isMet(aim, exponent),
    spread: null,
    invalid: null,
  };
}

function isMet({ is, limit }: Aim, reached: number | null): boolean {
  if (reached === null) return false;
  return is === "at most" ? reached <= limit : reached >= limit;
}

function textOf({ of, is, limit }: Aim): string {
  return `${of === "ratio" ? "ratio " : ""}${is === "at most" ? "<=" : ">="} ${limit}`;
}
