import { eq, max, sql } from "drizzle-orm";
import { setBudgets } from "./budgets.ts";
import type { Db } from "./database.ts";
import type { Commit, Tx } from "./group-commit.ts";
import { heldSince, isHeld } from "./ledger.ts";
import { attempts, events, meta, live, vms } from "./schema.ts";

const KEY = "latest_time";

/** What the store knows of the clock that its times are of. Milliseconds. */
export function makeTimeStore(commit: Commit) {
  return {
    /**
     * A control plane begins at this time. The time since an earlier one was there last counts for no budget. When
     * that one was at a later time already, the clock was set back: what every live VM has left of its time, also
     * of its TTL, is kept, counted anew from now; and so is how long it has had its slot.
     *
     * @returns when an earlier one is known to have been there last; 0 when none was
     */
    beginAt: (now: number): Promise<number> =>
      commit((tx) => {
        const latest = latestTime(tx);
        const back = latest - now;
        if (back > 0) {
          tx.update(vms)
            .set({
              budgetEndsAt: sql`${vms.budgetEndsAt} - ${back}`,
              expiresAt: sql`${vms.expiresAt} - ${back}`,
              deadlineAt: sql`${vms.deadlineAt} - ${back}`,
            })
            .where(live)
            .run();
          tx.update(attempts)
            .set({ accountedUntil: sql`${heldSince} - ${back}` })
            .where(isHeld)
            .run();
        }
        if (latest > 0 && back < 0) setBudgets(tx, sql`${vms.budgetEndsAt} - ${back}`);
        note(tx, now);
        return latest;
      }),

    /** Writes down that it is so late by now. */
    noteTime: (now: number): Promise<void> => commit((tx) => note(tx, now)),
  };
}

function note(tx: Tx, now: number): void {
  const value = String(now);
  tx.insert(meta).values({ key: KEY, value }).onConflictDoUpdate({ target: meta.key, set: { value } }).run();
}

/** The newest time in the database, as far as history and notes tell. */
function latestTime(tx: Pick<Db, "select">): number {
  const noted = tx.select().from(meta).where(eq(meta.key, KEY)).get();
  const newest = tx.select({ id: max(events.id) }).from(events);
  const last = tx.select({ at: events.at }).from(events).where(eq(events.id, newest)).get();
  return Math.max(Number(noted?.value ?? 0), last?.at ?? 0);
}
