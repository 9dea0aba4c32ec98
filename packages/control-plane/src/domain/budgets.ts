/** How long a phase may take, and by whose word. */
export interface PhaseBudget {
  ms: number;
  source: "request" | "learned" | "default";
}

/** What is known of a phase with a VM's image. */
export interface PhasePast {
  /** How many durations the quantile goes by. */
  count: number;
  p99Ms: number | undefined;
  /** How many of the image's newest attempts ran out of time in this phase. */
  timeouts: number;
}

/** So many durations are needed to learn from. */
const ENOUGH = 20;
const FACTOR = 3;
/** Never less than this part of the default, nor less than a minute; never more than so many times the default. */
const LEAST_PART = 0.2;
const LEAST_MS = 60_000;
const MOST_TIMES = 3;
/** When so many of the newest attempts ran out of time, what was learned is no longer so. */
const DOUBTS = 2;

/**
 * The budget of a phase: what was asked for; else three times what 99 of 100 took with that image; else the
 * default. What ran out of time is not among the durations, so a budget that is too short would never learn that
 * it is: two timeouts among the newest attempts take it back to the default.
 */
export function budgetFor(
  askedMs: number | undefined,
  { count, p99Ms, timeouts }: PhasePast,
  defaultMs: number,
): PhaseBudget {
  if (askedMs !== undefined) return { ms: askedMs, source: "request" };
  if (p99Ms === undefined || count < ENOUGH || timeouts >= DOUBTS)
    return { ms: defaultMs, source: "default" };
  const least = Math.min(defaultMs, Math.max(LEAST_MS, LEAST_PART * defaultMs));
  const ms = Math.min(MOST_TIMES * defaultMs, Math.max(least, FACTOR * p99Ms));
  return { ms: Math.round(ms), source: "learned" };
}
