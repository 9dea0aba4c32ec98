import { and, asc, eq, gte, lt, min, sql } from "drizzle-orm";
import type { KeptSpan } from "../domain/history/points.ts";
import { makeSpan, type Observed, type RolledUp } from "../domain/history/rollup.ts";
import { beginOf, SPANS, type SpanKind } from "../domain/history/spans.ts";
import type { Database } from "./database.ts";
import { storageFull } from "./faults.ts";
import type { Commit, Tx } from "./group-commit.ts";
import { history } from "./schema.ts";

const KINDS = ["minute", "hour", "day"] as const satisfies SpanKind[];

/** Of what is too old a step removes no more than so many spans: a few milliseconds. */
const MOST_FORGOTTEN = 20;

/** Intents and reads about the rolled-up history. */
export function makeRollupStore({ db, reserve }: Pick<Database, "db" | "reserve">, commit: Commit) {
  return {
    /**
     * Adds what was observed since a time to the minute, the hour and the day that the time is in, together or not
     * at all, and removes what is too old.
     *
     * @throws CallError storage_full also while only the reserve is left, which is for VMs
     */
    addHistory: (since: number, observed: readonly Observed[], now: number): Promise<void> =>
      commit((tx) => {
        if (!reserve.isWhole()) throw storageFull();
        for (const kind of KINDS) {
          addTo(tx, kind, beginOf(since, SPANS[kind].ms), observed);
          forget(tx, kind, now - SPANS[kind].keepMs);
        }
      }),

    /** Oldest first. */
    historyOf: (
      { series, kind, key }: { series: RolledUp; kind: SpanKind; key?: string | undefined },
      from: number,
      to: number,
    ): KeptSpan[] =>
      db
        .select()
        .from(history)
        .where(
          and(
            eq(history.span, kind),
            gte(history.start, from),
            lt(history.start, to),
            eq(history.series, series),
            key === undefined ? undefined : eq(history.key, key),
          ),
        )
        .orderBy(asc(history.start), asc(history.key))
        .all()
        .map((row) => ({ start: row.start, ...observedOf(row) })),
  };
}

function observedOf({ series, key, span, start, ...tally }: typeof history.$inferSelect): Observed {
  return { series, key, tally };
}

function addTo(tx: Tx, span: SpanKind, start: number, observed: readonly Observed[]): void {
  const kept = tx
    .select()
    .from(history)
    .where(and(eq(history.span, span), eq(history.start, start)))
    .all();
  const whole = makeSpan(kept.map(observedOf));
  for (const one of observed) whole.add(one);
  const rows = whole.changed().map(({ series, key, tally }) => ({ span, start, series, key, ...tally }));
  tx.insert(history)
    .values(rows)
    .onConflictDoUpdate({
      target: [history.span, history.start, history.series, history.key],
      set: {
        count: sql`excluded.count`,
        sum: sql`excluded.sum`,
        max: sql`excluded.max`,
        buckets: sql`excluded.buckets`,
      },
    })
    .run();
}

function forget(tx: Tx, kind: SpanKind, before: number): void {
  const oldest = tx
    .select({ start: min(history.start) })
    .from(history)
    .where(eq(history.span, kind))
    .get()?.start;
  if (oldest == null || oldest >= before) return;
  const until = Math.min(before, oldest + MOST_FORGOTTEN * SPANS[kind].ms);
  tx.delete(history)
    .where(and(eq(history.span, kind), lt(history.start, until)))
    .run();
}
