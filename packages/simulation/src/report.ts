import type { RunResult } from "./run.ts";

/** What many runs came to, taken together. */
export interface Totals {
  seeds: number;
  steps: number;
  virtualMs: number;
  counts: Map<string, number>;
}

export function noTotals(): Totals {
  return { seeds: 0, steps: 0, virtualMs: 0, counts: new Map() };
}

export function add(totals: Totals, { steps, virtualMs, counts }: RunResult): void {
  totals.seeds += 1;
  totals.steps += steps;
  totals.virtualMs += virtualMs;
  for (const [kind, count] of counts) totals.counts.set(kind, (totals.counts.get(kind) ?? 0) + count);
}

/** For people: a line of sums, and what happened how often. */
export function render(totals: Totals, wallMs: number): string {
  const kinds = [...totals.counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const width = Math.max(...kinds.map(([kind]) => kind.length), 0);
  return [
    `${totals.seeds} seeds, ${totals.steps} steps, ${(totals.virtualMs / 3_600_000).toFixed(1)} virtual hours, ${(wallMs / 1000).toFixed(1)} s`,
    ...kinds.map(([kind, count]) => `  ${kind.padEnd(width)}  ${count}`),
  ].join("\n");
}
