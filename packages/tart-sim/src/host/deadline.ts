import type { Sim } from "../sim.ts";

/**
 * Real time that starting processes takes does not shrink with TART_SIM_SPEED. A limit given in
 * seconds is divided by the speed, but stays this long, unless it is certain that waiting is in vain.
 */
const LEAST_MS = 10_000;

/** Real milliseconds for a limit of so many seconds that the caller asked for. */
export function deadline(
  { scaled }: Pick<Sim, "scaled">,
  seconds: number,
  { certain }: { certain: boolean },
): number {
  const asked = seconds * 1000;
  return certain ? scaled(asked) : Math.max(scaled(asked), Math.min(asked, LEAST_MS));
}
