const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** What is kept, the finest first: how long a row is and for how long it is kept. */
export const SPANS = {
  minute: { ms: MINUTE_MS, keepMs: 2 * DAY_MS },
  hour: { ms: HOUR_MS, keepMs: 90 * DAY_MS },
  day: { ms: DAY_MS, keepMs: 3 * 365 * DAY_MS },
} as const;
export type SpanKind = keyof typeof SPANS;

/** When the span of that length began that a time is in; of a day, at midnight UTC. */
export function beginOf(time: number, ms: number): number {
  return Math.floor(time / ms) * ms;
}

/** What a chart's points can be apart, and the rows that they are made of. */
export const STEPS = {
  "1m": { ms: MINUTE_MS, of: "minute" },
  "5m": { ms: 5 * MINUTE_MS, of: "minute" },
  "1h": { ms: HOUR_MS, of: "hour" },
  "6h": { ms: 6 * HOUR_MS, of: "hour" },
  "1d": { ms: DAY_MS, of: "day" },
} as const satisfies Record<string, { ms: number; of: SpanKind }>;
export type Step = keyof typeof STEPS;

/** More points than that tell an eye nothing more. */
const ENOUGH_POINTS = 400;

/** The finest step that gives a chart no more points than it can show, of rows that are still there. */
export function stepFor(from: number, to: number, now: number): Step {
  const fits = (step: Step) => {
    const { ms, of } = STEPS[step];
    return (to - from) / ms <= ENOUGH_POINTS && from >= now - SPANS[of].keepMs;
  };
  return (["1m", "5m", "1h", "6h"] as const).find(fits) ?? "1d";
}
