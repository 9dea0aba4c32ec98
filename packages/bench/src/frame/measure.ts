import { killProcesses } from "@tartfleet/lab/src/fleet/marker.ts";
import { callUndertaker } from "@tartfleet/lab/src/fleet/undertake.ts";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { startFleet, type Fleet } from "../fleet.ts";
import { makeCalibration, type Calibration } from "./calibration.ts";
import { growthOf, summarise, type Result } from "./result.ts";
import { measureRounds } from "./rounds.ts";
import type { Scale, Scenario } from "./scenario.ts";

/** For rounds whose times nobody looks at. */
const NEVER_MIND: Calibration = { settle: async () => true };

export interface MeasureOptions {
  scenarios: readonly Scenario[];
  scales: readonly Scale[];
  say(line: string): void;
  onResult(result: Result): void;
  /** A scenario could not be measured at a scale; the others are. Without it, that is thrown. */
  onFailure?(what: string, error: unknown): void;
  /** Folder for CPU profiles of the control plane. */
  profile?: string | undefined;
  /** It is not the figures that matter: one fleet of a scale for all scenarios, and no waiting for a quiet machine. */
  isSmoke?: boolean;
}

/** Measures every scenario at every scale, and how its figures grow between them. */
export async function measure(options: MeasureOptions): Promise<void> {
  const { scenarios, scales, onResult } = options;
  const medians = new Map<string, Map<number, number>>();
  const take = (factor: number) => (result: Result) => {
    onResult(result);
    const key = result.name.slice(0, result.name.lastIndexOf(" "));
    medians.set(key, (medians.get(key) ?? new Map<number, number>()).set(factor, result.value));
  };
  for (const scale of scales) {
    const groups = options.isSmoke ? [scenarios] : scenarios.map((scenario) => [scenario]);
    for (const group of groups) {
      try {
        await measureGroup(group, scale, options, take(scale.factor));
      } catch (error) {
        if (!options.onFailure) throw error;
        options.onFailure(`${group.map(({ name }) => name).join(", ")} ${scale.factor}x`, error);
      }
    }
  }
  for (const scenario of scenarios) {
    for (const figure of scenario.figures) {
      const growth = growthOf(scenario, figure, medians.get(`${scenario.name} ${figure.name}`) ?? new Map());
      if (growth) onResult(growth);
    }
  }
}

async function measureGroup(
  scenarios: readonly Scenario[],
  scale: Scale,
  { say, profile, isSmoke = false }: MeasureOptions,
  take: (result: Result) => void,
): Promise<void> {
  // Real, because processes are found by it.
  const root = await realpath(await mkdtemp(join(tmpdir(), "tf-bench-")));
  const marker = { id: basename(root), dir: root };
  const dismissUndertaker = callUndertaker(marker);
  let fleet: Promise<Fleet> | undefined;
  try {
    for (const scenario of scenarios) {
      say(`${scenario.name} ${scale.factor}x: ${scenario.about}`);
      const dir = join(root, scenario.name);
      await mkdir(dir);
      const samples = await scenario.run({
        scale,
        dir,
        say,
        rounds: (round) => measureRounds(scale.rounds, round, isSmoke ? NEVER_MIND : makeCalibration()),
        fleet: () => (fleet ??= startFleet(root, scale.hosts, profile)),
      });
      for (const result of summarise(scenario, scale.factor, samples)) take(result);
    }
  } finally {
    await (await fleet?.catch(() => undefined))?.stop();
    await killProcesses(marker);
    await rm(root, { recursive: true, force: true });
    dismissUndertaker();
  }
}
