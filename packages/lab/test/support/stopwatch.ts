/** Says how long things took, for docs/reliability.md; a test never depends on it. */
export function stopwatch(after: string): { line(what: string): string; tell(what: string): void } {
  const start = performance.now();
  const line = (what: string) =>
    `recovery ${after}: ${what} within ${((performance.now() - start) / 1000).toFixed(1)} s`;
  return { line, tell: (what) => console.log(line(what)) };
}
