/**
 * Passes a source's values on until the signal aborts, even when the source is stuck: a generator that
 * waits for something else cannot be ended from outside, its `finally` would never run (tRPC leaks it).
 */
export async function* untilAborted<T>(
  source: AsyncGenerator<T, void>,
  signal: AbortSignal,
): AsyncGenerator<T, void> {
  try {
    while (!signal.aborted) {
      const next = await nextUnlessAborted(source, signal);
      if (!next || next.done) return;
      yield next.value;
    }
  } finally {
    // Not awaited, for the same reason.
    source.return().catch(() => {});
  }
}

function nextUnlessAborted<T>(source: AsyncGenerator<T, void>, signal: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<T, void> | undefined>();
  const onAbort = () => resolve(undefined);
  signal.addEventListener("abort", onAbort, { once: true });
  source
    .next()
    .then(resolve, reject)
    .finally(() => signal.removeEventListener("abort", onAbort));
  return promise;
}
