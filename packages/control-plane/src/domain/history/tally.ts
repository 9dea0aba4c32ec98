/*
 * Durations are kept as a histogram whose buckets grow by a fixed factor (as DDSketch does): a quantile is off by at
 * most 2.5 %, whatever the durations are, and two histograms become one by adding up, which stored quantiles cannot.
 * A bucket's number means the same for ever: rows of all ages can be added.
 */
const GROWTH = 1.05;

/** What was observed in a span of time under one key; of what is counted or sampled there are no buckets. */
export interface Tally {
  /** How many observations. */
  count: number;
  sum: number;
  max: number;
  /** Bucket n holds how many milliseconds were above GROWTH^(n-1) and at most GROWTH^n; the first, all up to 1. */
  buckets: Readonly<Record<number, number>> | null;
}

/** A duration in milliseconds. */
export function timed(milliseconds: number): Tally {
  const value = Math.max(0, milliseconds);
  const bucket = value <= 1 ? 0 : Math.ceil(Math.log(value) / Math.log(GROWTH));
  return { count: 1, sum: value, max: value, buckets: { [bucket]: 1 } };
}

/** A number as it was at one time. */
export function sampled(value: number): Tally {
  return { count: 1, sum: value, max: value, buckets: null };
}

/** Something that happened once. */
export const ONCE: Tally = { count: 1, sum: 1, max: 1, buckets: null };

/** What both have observed. */
export function merged(a: Tally, b: Tally): Tally {
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    max: Math.max(a.max, b.max),
    buckets: a.buckets && b.buckets ? mergedBuckets(a.buckets, b.buckets) : (a.buckets ?? b.buckets),
  };
}

function mergedBuckets(
  a: NonNullable<Tally["buckets"]>,
  b: NonNullable<Tally["buckets"]>,
): Record<number, number> {
  const sum: Record<number, number> = { ...a };
  for (const [bucket, count] of Object.entries(b)) sum[Number(bucket)] = (sum[Number(bucket)] ?? 0) + count;
  return sum;
}

/**
 * The duration in milliseconds within which at least the fraction `p` came to their end; off by at most 2.5 %, or by
 * a millisecond. Null for what has no durations.
 *
 * @param p above 0, at most 1
 */
export function quantileIn({ buckets, count, max }: Tally, p: number): number | null {
  if (!buckets) return null;
  let left = Math.ceil(p * count);
  // Keys that are whole numbers come in ascending order.
  for (const [bucket, held] of Object.entries(buckets)) {
    left -= held;
    if (left <= 0) return Math.min(max, (2 * GROWTH ** Number(bucket)) / (GROWTH + 1));
  }
  return max;
}
