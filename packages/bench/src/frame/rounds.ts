import type { Calibration } from "./calibration.ts";
import type { Sample } from "./scenario.ts";

const BUSY = "the machine was busy with something else";

/**
 * Measures so many rounds, each once the machine is as fast as it mostly is. Where it does not become so, the round is
 * measured all the same, and its samples say so.
 */
export async function measureRounds(
  count: number,
  measure: (round: number) => Promise<Sample[]>,
  calibration: Calibration,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < count; round += 1) {
    const isSteady = await calibration.settle();
    const measured = await measure(round);
    for (const { invalid, ...sample } of measured) {
      samples.push({ ...sample, invalid: invalid ?? (isSteady ? undefined : BUSY) });
    }
  }
  return samples;
}
