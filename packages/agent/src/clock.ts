/** Time, passed in everywhere, so that the same code runs under a virtual clock. */
export interface Clock {
  /** Milliseconds from an arbitrary start that only grow: for durations and deadlines. */
  now(): number;
  /** Milliseconds since 1970: only for what outlives the process, and for people. */
  wallTime(): number;
  /** Calls back once, not before `ms` have passed. The returned function takes it back. */
  after(ms: number, callback: () => void): () => void;
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves when the time has passed, or at once when the signal is aborted; never rejects. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Carries out what takes a signal, and aborts that signal when the time has passed or `outer` is aborted. */
export async function within<T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const abort = () => limit.abort();
  if (outer.aborted) abort();
  const cancel = clock.after(ms, abort);
  outer.addEventListener("abort", abort, { once: true });
  try {
    return await act(limit.signal);
  } finally {
    cancel();
    outer.removeEventListener("abort", abort);
  }
}
