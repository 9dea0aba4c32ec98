/** Time, passed in so that a whole fleet can run under a virtual one. */
export interface Clock {
  /** Milliseconds since 1970. Never goes back and never jumps while the process runs. */
  now(): number;
  /** Calls back once after the milliseconds; the function returned takes the timer back. */
  after(milliseconds: number, call: () => void): () => void;
}

/** setTimeout fires at once when asked for more than this. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Wall time at the start plus monotonic time since: a step of the wall clock ends nobody's lease or grace. */
export function systemClock(): Clock {
  const origin = Date.now() - performance.now();
  return {
    now: () => Math.round(origin + performance.now()),
    after(milliseconds, call) {
      const timer = setTimeout(call, Math.min(Math.max(0, milliseconds), LONGEST_TIMEOUT));
      return () => clearTimeout(timer);
    },
  };
}
