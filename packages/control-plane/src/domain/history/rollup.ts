import { merged, type Tally } from "./tally.ts";

/**
 * What is rolled up: how long VMs waited, in the fleet and by team; how long the phases of a bring-up took, by phase
 * and by phase and image; slots by state and the queue's depth, sampled; VMs that ended by reason, and attempts that
 * failed by error.
 */
export const ROLLED_UP = [
  "wait",
  "team_wait",
  "boot",
  "image_boot",
  "slots",
  "queue",
  "ends",
  "failures",
] as const;
export type RolledUp = (typeof ROLLED_UP)[number];

/** What is observed of one series and key. */
export interface Observed {
  series: RolledUp;
  key: string;
  tally: Tally;
}

/** So many keys of a series are kept apart within a row's span: whoever creates VMs chooses their names. */
export const MOST_KEYS = 40;
const OTHER = "(other)";

/**
 * The key under which something is kept: its own, or, where there are enough others already, that of all others. Of a
 * key of two words (phase and image) the first is kept.
 */
export function keptAs(key: string, known: { has(key: string): boolean; size: number }): string {
  if (known.size < MOST_KEYS || known.has(key)) return key;
  const space = key.indexOf(" ");
  return space === -1 ? OTHER : `${key.slice(0, space)} ${OTHER}`;
}

/** What is observed within a span, by series and key; its size is bounded. */
export function makeSpan(kept: readonly Observed[] = []) {
  const held = new Map<RolledUp, Map<string, Tally>>();
  const changed = new Map<string, Observed>();

  function put({ series, key, tally }: Observed): Observed {
    const keys = held.get(series) ?? new Map<string, Tally>();
    held.set(series, keys);
    const as = keptAs(key, keys);
    const before = keys.get(as);
    const after = before ? merged(before, tally) : tally;
    keys.set(as, after);
    return { series, key: as, tally: after };
  }

  for (const observed of kept) put(observed);
  return {
    add(observed: Observed): void {
      const after = put(observed);
      changed.set(`${after.series} ${after.key}`, after);
    },
    /** What was added, with what was kept of the same. */
    changed: (): Observed[] => [...changed.values()],
  };
}
