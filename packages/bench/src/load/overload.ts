import type { Calls } from "./load-main.ts";

/** Of a core. A load that needs more may be what bounds the calls, rather than what they are sent to. */
const MOST = 0.8;

/** @returns why these calls measure the load itself, if they do */
export function overloadIn(...runs: readonly Calls[]): string | undefined {
  const most = Math.max(...runs.map(({ cpu }) => cpu));
  return most > MOST ? `the load took ${most.toFixed(2)} of a core` : undefined;
}
