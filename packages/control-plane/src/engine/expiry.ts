import type { Clock } from "./clock.ts";

/** Keys that expire a fixed time after they were last touched. */
export interface Expiry<K> {
  touch(key: K): void;
  drop(key: K): void;
  has(key: K): boolean;
  /** As if all of them were touched now; their order stays. */
  touchAll(): void;
  stop(): void;
}

/**
 * One timer for all keys: a Map keeps the order of touching, so the first key is always the next to expire
 * and a touch costs the same with ten keys as with ten thousand.
 */
export function makeExpiry<K>(
  clock: Clock,
  milliseconds: number,
  onExpired: (key: K, touchedAt: number) => void,
): Expiry<K> {
  const touched = new Map<K, number>();
  let cancel: (() => void) | undefined;

  function arm(): void {
    if (cancel) return;
    const first = touched.values().next();
    if (first.done) return;
    cancel = clock.after(first.value + milliseconds - clock.now(), () => {
      cancel = undefined;
      expireDue();
      arm();
    });
  }

  function expireDue(): void {
    const due = clock.now() - milliseconds;
    for (const [key, at] of touched) {
      if (at > due) break;
      touched.delete(key);
      onExpired(key, at);
    }
  }

  return {
    touch(key) {
      touched.delete(key);
      touched.set(key, clock.now());
      arm();
    },
    drop: (key) => void touched.delete(key),
    has: (key) => touched.has(key),
    touchAll() {
      const now = clock.now();
      for (const key of touched.keys()) touched.set(key, now);
    },
    stop() {
      cancel?.();
      touched.clear();
    },
  };
}
