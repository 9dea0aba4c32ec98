/** Says how long things took, for docs/reliability.md; a test never depends on it. */
export function stopwatch(after: string): { tell(what: string): void } {
  const start = performance.now();
  return {
    tell: (what) =>
      console.log(`recovery ${after}: ${what} within ${((performance.now() - start) / 1000).toFixed(1)} s`),
  };
}
