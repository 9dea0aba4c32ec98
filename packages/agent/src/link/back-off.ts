/** Pauses between connections: capped exponential with full jitter, so that a fleet does not return as one. */
export interface BackOff {
  /** How long to wait before the next connection. */
  next(): number;
  /** A connection lasted this long; a healthy minute forgets all failures. */
  lasted(ms: number): void;
  /** A session was open: the first pause after it is at any time within so long. */
  spread(withinMs: number): void;
}

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
const HEALTHY_MS = 60_000;

export function createBackOff(random: () => number): BackOff {
  let failures = 0;
  let withinMs = 0;
  return {
    next() {
      const ceiling = Math.max(withinMs, Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 16)));
      withinMs = 0;
      failures += 1;
      return random() * ceiling;
    },
    spread(within) {
      withinMs = within;
    },
    lasted(ms) {
      if (ms >= HEALTHY_MS) failures = 0;
    },
  };
}
