/** How much is let through: so many at once, and so many a second after that. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/** Says no when there was too much; times are milliseconds that only grow. */
interface Bucket {
  take(nowMs: number): boolean;
}

/** A token bucket. */
export function makeBucket({ burst, perSecond }: Rate): Bucket {
  let left = burst;
  let at: number | undefined;
  return {
    take(now) {
      left = Math.min(burst, left + ((now - (at ?? now)) * perSecond) / 1000);
      at = now;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}

/**
 * A bucket for each key, for at most `most` keys: the one that was not asked for longest gives way. Memory
 * and the cost of a question stay the same however many ask.
 */
export function makeBuckets(rate: Rate, most: number) {
  const buckets = new Map<string, Bucket>();
  return {
    take(key: string, nowMs: number): boolean {
      const bucket = buckets.get(key) ?? makeBucket(rate);
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > most) {
        const { value: oldest } = buckets.keys().next();
        if (oldest !== undefined) buckets.delete(oldest);
      }
      return bucket.take(nowMs);
    },
    size: (): number => buckets.size,
  };
}
