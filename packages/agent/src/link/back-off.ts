/**
 * Pauses between connections: capped exponential with full jitter, so that a fleet does not return as one. The cap is
 * as long as the control plane says that its fleet takes to return: a small one has nobody to wait for.
 */
export interface BackOff {
  /** How long to wait before the next connection. */
  next(): number;
  /** A connection lasted this long; a healthy minute forgets all failures. */
  lasted(ms: number): void;
  /** A session was open: the first pause after it is at any time within so long, and no later one is much longer. */
  spread(withinMs: number): void;
}

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
const SHORTEST_CAP_MS = 5000;
const HEALTHY_MS = 60_000;

export function createBackOff(random: () => number): BackOff {
  let failures = 0;
  let withinMs = 0;
  let capMs = LONGEST_MS;
  return {
    next() {
      const ceiling = Math.max(withinMs, Math.min(capMs, FIRST_MS * 2 ** Math.min(failures, 16)));
      withinMs = 0;
      failures += 1;
      return random() * ceiling;
    },
    spread(within) {
      withinMs = within;
      capMs = Math.min(LONGEST_MS, Math.max(SHORTEST_CAP_MS, within));
    },
    lasted(ms) {
      if (ms >= HEALTHY_MS) failures = 0;
    },
  };
}
