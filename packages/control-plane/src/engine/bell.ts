/** Tells that something changed, not what: the listener looks for itself. Rings coalesce. */
export interface Bell {
  /** Resolves true after a ring since the last wait, false when the signal aborts. */
  wait(): Promise<boolean>;
  takeDown(): void;
}

/**
 * @param subscribe hangs the bell up and returns how to take it down
 */
export function hangBell(subscribe: (ring: () => void) => () => void, signal: AbortSignal): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  const ring = () => {
    rung = true;
    wake?.();
  };
  const unsubscribe = subscribe(ring);
  const onAbort = () => wake?.();
  signal.addEventListener("abort", onAbort);
  return {
    async wait() {
      if (!rung && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
        wake = undefined;
      }
      if (signal.aborted) return false;
      rung = false;
      return true;
    },
    takeDown() {
      unsubscribe();
      signal.removeEventListener("abort", onAbort);
    },
  };
}
