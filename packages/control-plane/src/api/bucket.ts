/** How much is let through: so many at once, and so many a second after that. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/** Says no when there was too much; times are milliseconds that only grow. */
interface Bucket {
  take(nowMs: number): boolean;
  /** Takes so many, also when they are not there. @returns milliseconds until that is made up for */
  spend(nowMs: number, many: number): number;
}

/** A token bucket. */
export function makeBucket({ burst, perSecond }: Rate): Bucket {
  let left = burst;
  let at: number | undefined;
  function refill(now: number): void {
    left = Math.min(burst, left + ((now - (at ?? now)) * perSecond) / 1000);
    at = now;
  }
  return {
    take(now) {
      refill(now);
      if (left < 1) return false;
      left -= 1;
      return true;
    },
    spend(now, many) {
      refill(now);
      left -= many;
      return (Math.max(0, -left) / perSecond) * 1000;
    },
  };
}

/**
 * A bucket for each key, for at most `most` keys: the one that was not asked for longest gives way. Memory
 * and the cost of a question stay the same however many ask.
 */
export function makeBuckets(rate: Rate, most: number) {
  const buckets = new Map<string, Bucket>();
  function bucketOf(key: string): Bucket {
    const bucket = buckets.get(key) ?? makeBucket(rate);
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > most) {
      const { value: oldest } = buckets.keys().next();
      if (oldest !== undefined) buckets.delete(oldest);
    }
    return bucket;
  }
  return {
    take: (key: string, nowMs: number): boolean => bucketOf(key).take(nowMs),
    spend: (key: string, nowMs: number, many: number): number => bucketOf(key).spend(nowMs, many),
    size: (): number => buckets.size,
  };
}
