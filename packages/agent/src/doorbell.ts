/** Wakes one sleeper. Rings that come while nobody sleeps are one ring at the next sleep. */
export interface Doorbell {
  ring(): void;
  /** Resolves true at the next ring (at once when it rang already), false when the signal is aborted. */
  rung(signal: AbortSignal): Promise<boolean>;
}

export function createDoorbell(): Doorbell {
  let hasRung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      hasRung = true;
      wake?.();
    },
    rung(signal) {
      return new Promise((resolve) => {
        const done = () => {
          signal.removeEventListener("abort", done);
          wake = undefined;
          const value = hasRung;
          hasRung = false;
          resolve(value);
        };
        if (hasRung || signal.aborted) return done();
        wake = done;
        signal.addEventListener("abort", done, { once: true });
      });
    },
  };
}
