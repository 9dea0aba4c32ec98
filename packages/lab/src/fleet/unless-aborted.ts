/**
 * The work's outcome, or the signal's reason as an error as soon as it aborts. What the work still does then
 * is nobody's concern; its failure, too.
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const stop = new AbortController();
  try {
    return await Promise.race([
      work,
      aborted(signal, stop.signal).then(() => Promise.reject(reasonOf(signal))),
    ]);
  } finally {
    stop.abort();
  }
}

/** Resolves when the signal aborts; a signal of its own ends the listening. */
export function aborted(signal: AbortSignal, until?: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true, ...(until ? { signal: until } : {}) });
  });
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}
