import { beginOf } from "./spans.ts";
import { merged, quantileIn, type Tally } from "./tally.ts";

/** What is kept of one key in one span. Times are milliseconds since 1970. */
export interface KeptSpan {
  start: number;
  key: string;
  tally: Tally;
}

/** A chart's point, in the unit that was asked for. */
interface Point {
  at: number;
  count: number;
  mean: number;
  max: number;
  p50: number | null;
  p95: number | null;
}

/**
 * Spans as lines of points, one line a key, all in the order in which they are given.
 *
 * @param stepMs how far apart points are: a multiple of the spans' length
 * @param unit what the observations are divided by
 */
export function linesOf(
  spans: Iterable<KeptSpan>,
  stepMs: number,
  unit: number,
): { key: string; points: Point[] }[] {
  const lines = new Map<string, Map<number, Tally>>();
  for (const { start, key, tally } of spans) {
    const line = lines.get(key) ?? new Map<number, Tally>();
    lines.set(key, line);
    const at = beginOf(start, stepMs);
    const before = line.get(at);
    line.set(at, before ? merged(before, tally) : tally);
  }
  return [...lines].map(([key, line]) => ({
    key,
    points: [...line].map(([at, tally]) => pointOf(at, tally, unit)),
  }));
}

function pointOf(at: number, tally: Tally, unit: number): Point {
  const quantile = (p: number) => {
    const value = quantileIn(tally, p);
    return value === null ? null : Math.round(value) / unit;
  };
  const { count, sum, max } = tally;
  return { at, count, mean: sum / count / unit, max: max / unit, p50: quantile(0.5), p95: quantile(0.95) };
}
