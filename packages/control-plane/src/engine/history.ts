import { quantileOf, remainingOf } from "../domain/history/quantiles.ts";
import type { AttemptsOf, SeriesKey } from "../domain/history/series.ts";
import type { KeptPhase } from "../store/phase-times.ts";
import type { Store } from "../store/store.ts";
import type { Changes } from "./changes.ts";

export type { AttemptsOf, SeriesKey } from "../domain/history/series.ts";
export type { KeptPhase } from "../store/phase-times.ts";

/** So many of the newest durations of a key count: enough for a p99, and a change of the image soon shows. */
const WINDOW = 256;
/** So many of the newest attempts of a host or an image are held: what breakers and learned budgets look at. */
const ATTEMPTS = 12;
/** Keys whose durations are held in memory, and those that were asked for least lately go: 4 MiB. */
const MOST_SERIES = 2000;

/**
 * What the fleet has learned from its own past: how long phases take, and what becomes of attempts. Read from the
 * store key by key when somebody asks, and kept up to date by the steps since; a phase that a gap in what was
 * heard may have stretched is not among the durations (`domain/history/gap.ts`), nor is one that failed.
 */
export interface History {
  /**
   * The duration in milliseconds within which the fraction `p` of the newest few hundred came to their end;
   * undefined when there is none yet (ask `count` how much it is worth).
   */
  quantile(key: SeriesKey, p: number): number | undefined;
  /** What is left in milliseconds for one of that age, by those that took longer; undefined when none did. */
  remaining(key: SeriesKey, ageMs: number, p: number): number | undefined;
  /** How many durations the answers about the key go by; at most a few hundred. */
  count(key: SeriesKey): number;
  /** The durations themselves in milliseconds, ascending. */
  durations(key: SeriesKey): readonly number[];
  /**
   * What became of the newest attempts, newest first: `verdict` is `ready`, or why it failed, in `phase`. What was
   * lost after it was ready is there twice: ready, and lost in `run`.
   */
  attempts(about: AttemptsOf, limit: number): KeptPhase[];
  /** Calls with every attempt of which something became, once that is durable; returns how to stop. */
  onVerdict(call: (attempt: KeptPhase) => void): () => void;
}

/** The newest attempts of a host or an image, newest first. */
interface Newest {
  attempts: KeptPhase[];
  /** The newest that was read from the store. */
  readUpTo: number;
}

/** The durations of one key. */
interface Series {
  /** Oldest first. */
  window: number[];
  /** The newest that was read from the store. */
  readUpTo: number;
  sorted: readonly number[] | undefined;
}

export function startHistory(
  store: Pick<Store, "durations" | "verdicts">,
  changes: Pick<Changes, "onPhase">,
): History & { stop(): void } {
  const held = new Map<string, Series>();
  const newest = new Map<string, Newest>();
  const listeners = new Set<(attempt: KeptPhase) => void>();

  function seriesOf(key: SeriesKey): Series {
    const name = nameOf(key);
    return lately(held, name, () => {
      const rows = store.durations(key, WINDOW);
      const window = rows.map(({ durationMs }) => durationMs).reverse();
      return { window, readUpTo: rows[0]?.id ?? 0, sorted: undefined };
    });
  }

  function newestOf(about: AttemptsOf): KeptPhase[] {
    return lately(newest, JSON.stringify(about), () => {
      const attempts = store.verdicts(about, ATTEMPTS);
      return { attempts, readUpTo: attempts[0]?.id ?? 0 };
    }).attempts;
  }

  function sortedOf(key: SeriesKey): readonly number[] {
    const series = seriesOf(key);
    series.sorted ??= series.window.toSorted((a, b) => a - b);
    return series.sorted;
  }

  function note(phase: KeptPhase): void {
    if (phase.measured) {
      for (const key of keysOf(phase)) {
        const series = held.get(nameOf(key));
        if (!series || phase.id <= series.readUpTo) continue;
        series.window.push(phase.durationMs);
        if (series.window.length > WINDOW) series.window.shift();
        series.sorted = undefined;
      }
    }
    if (phase.verdict === null) return;
    for (const about of whoseAttempt(phase)) {
      const known = newest.get(JSON.stringify(about));
      if (!known || phase.id <= known.readUpTo) continue;
      known.attempts = [phase, ...known.attempts.slice(0, ATTEMPTS - 1)];
    }
    for (const call of listeners) call(phase);
  }

  const unsubscribe = changes.onPhase(note);
  return {
    quantile: (key, p) => quantileOf(sortedOf(key), p),
    remaining: (key, ageMs, p) => remainingOf(sortedOf(key), ageMs, p),
    count: (key) => seriesOf(key).window.length,
    durations: sortedOf,
    attempts: (about, limit) =>
      limit <= ATTEMPTS ? newestOf(about).slice(0, limit) : store.verdicts(about, limit),
    onVerdict(call) {
      listeners.add(call);
      return () => void listeners.delete(call);
    },
    stop: unsubscribe,
  };
}

/** What is held under a name, made when it is not; of too many the one that was asked for least lately goes. */
function lately<T>(held: Map<string, T>, name: string, make: () => T): T {
  const value = held.get(name) ?? make();
  held.delete(name);
  held.set(name, value);
  const [oldest] = held.keys();
  if (held.size > MOST_SERIES && oldest !== undefined) held.delete(oldest);
  return value;
}

function whoseAttempt({ hostId, image, digest }: KeptPhase): AttemptsOf[] {
  return [...(hostId === null ? [] : [{ hostId }]), { image }, ...(digest === null ? [] : [{ digest }])];
}

/** The keys under which a phase counts. */
function keysOf({ phase, image, digest, team }: KeptPhase): SeriesKey[] {
  return [
    { phase },
    { phase, image },
    ...(digest === null ? [] : [{ phase, digest }]),
    ...(phase === "run" ? [{ phase, team, image }] : []),
  ];
}

function nameOf(key: SeriesKey): string {
  if ("team" in key) return JSON.stringify(["run", "team", key.team, key.image]);
  if ("image" in key) return JSON.stringify([key.phase, "image", key.image]);
  return JSON.stringify("digest" in key ? [key.phase, "digest", key.digest] : [key.phase]);
}
