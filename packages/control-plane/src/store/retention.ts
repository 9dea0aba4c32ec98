import { and, asc, eq, gt, inArray, isNull } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Commit, Tx } from "./group-commit.ts";
import type { Db } from "./database.ts";
import { attempts, audit, events, phaseTimes, tokens, vms } from "./schema.ts";

/** Where the next step goes on; null when everything was looked at. */
export type Forgotten = { after: number } | null;

/** Of VMs that are kept a step looks at no more than this. */
const LOOKED_AT = 200;

/** What the past takes: since when there are rows of each kind (undefined: there are none), and the database's size. */
export interface Kept {
  vmsSince: number | undefined;
  phasesSince: number | undefined;
  auditSince: number | undefined;
  /** With the room that removed rows have left, which is used again. */
  bytes: number;
}

/** How ended VMs are forgotten, a few rows at a time, and what is kept. */
export function makeRetention(db: Db, commit: Commit) {
  return {
    kept: (): Kept => {
      const oldest = (
        table: typeof vms | typeof phaseTimes | typeof audit,
        at: SQLiteColumn,
        key: SQLiteColumn,
      ) => db.select({ at }).from(table).orderBy(asc(key)).limit(1).get()?.at;
      return {
        vmsSince: oldest(vms, vms.createdAt, vms.seq),
        phasesSince: oldest(phaseTimes, phaseTimes.at, phaseTimes.id),
        auditSince: oldest(audit, audit.at, audit.seq),
        bytes: pragma(db, "page_count") * pragma(db, "page_size"),
      };
    },

    /**
     * Removes VMs that ended before a time, with their attempts and events, in the order of acceptance.
     *
     * @param after `seq` of the VM where the step before stopped; 0 at first
     * @param rows about how many rows go in this step
     */
    forgetEnded: (before: number, after: number, rows: number): Promise<Forgotten> =>
      commit((tx) => forgetEnded(tx, before, after, rows)),
  };
}

const pragma = (db: Db, name: string) => Number(db.$client.pragma(name, { simple: true }));

function forgetEnded(tx: Tx, before: number, after: number, rows: number): Forgotten {
  const page = tx
    .select({ seq: vms.seq, id: vms.id, createdAt: vms.createdAt, endedAt: vms.endedAt })
    .from(vms)
    .where(gt(vms.seq, after))
    .orderBy(asc(vms.seq))
    .limit(LOOKED_AT)
    .all();
  let left = rows;
  let last = after;
  for (const { seq, id, createdAt, endedAt } of page) {
    // Those that follow were accepted later still, and cannot have ended before.
    if (createdAt >= before) return null;
    if (endedAt !== null && endedAt < before && !holdsSlot(tx, id)) {
      left -= removeEvents(tx, id, left);
      if (left <= 0) return { after: last };
      for (const table of [attempts, tokens])
        left -= tx.delete(table).where(eq(table.vmId, id)).run().changes;
      tx.delete(vms).where(eq(vms.seq, seq)).run();
      left -= 1;
    }
    last = seq;
    if (left <= 0) return { after: last };
  }
  return page.length < LOOKED_AT ? null : { after: last };
}

/** A former attempt's instance may still be on a host that has not come back. */
function holdsSlot(tx: Tx, vmId: string): boolean {
  return (
    tx
      .select({ attempt: attempts.attempt })
      .from(attempts)
      .where(and(eq(attempts.vmId, vmId), isNull(attempts.goneAt)))
      .get() !== undefined
  );
}

function removeEvents(tx: Tx, vmId: string, most: number): number {
  const some = tx.select({ id: events.id }).from(events).where(eq(events.vmId, vmId)).limit(most);
  return tx.delete(events).where(inArray(events.id, some)).run().changes;
}
