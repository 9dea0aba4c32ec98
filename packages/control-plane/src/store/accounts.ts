import { labelOfBy, type ReportBy } from "@tartfleet/shared";
import { and, eq, gte, lt, min, sql, type SQL } from "drizzle-orm";
import { kindOf } from "../domain/accounts/kind.ts";
import { KEPT_DAYS, KEPT_HOST_DAYS, type Spent } from "../domain/accounts/ledger.ts";
import { dayText, type Entry } from "../domain/accounts/report.ts";
import { DAY_MS } from "../domain/history/spans.ts";
import type { Database, Db } from "./database.ts";
import { storageFull } from "./faults.ts";
import type { Commit, Tx } from "./group-commit.ts";
import { accountOf, heldSince, isHeld, post } from "./ledger.ts";
import { attempts, hosts, hostTime, slotTime, vms } from "./schema.ts";

/** Which days, from the first on and before the last; and whose, if not everybody's. Milliseconds since 1970. */
export interface Reported {
  from: number;
  to: number;
  team: string | undefined;
}

/** What a slot is used for just now; `from` is since when that is not in the books yet. */
export interface OpenSlot extends Omit<Spent, "until"> {
  host: string;
}

/** Reads of the accounts, and what is written to them beside the steps of VMs (`settle`). */
export function makeAccountStore({ db, reserve }: Pick<Database, "db" | "reserve">, commit: Commit) {
  return {
    /**
     * Times that no VM spent, and forgets what is too old.
     *
     * @throws CallError storage_full also while only the reserve is left, which is for VMs
     */
    postTimes: (all: readonly Spent[], now: number): Promise<void> =>
      commit((tx) => {
        if (!reserve.isWhole()) throw storageFull();
        for (const spent of all) post(tx, spent);
        forgetOldest(tx, slotTime, now - KEPT_DAYS * DAY_MS);
        forgetOldest(tx, hostTime, now - KEPT_HOST_DAYS * DAY_MS);
      }),

    /** What stands in the books, summed up by what a report is by. */
    slotTimes(by: readonly ReportBy[], { from, to, team }: Reported): Entry[] {
      if (by.includes("host")) return hostTimes(db, from, to);
      const columns = by.map((each): [string, SQL<Column>] => [each, columnOf(each)]);
      return db
        .select({
          ...Object.fromEntries(columns),
          kind: slotTime.kind,
          ms: sql<number>`sum(${slotTime.ms})`,
        })
        .from(slotTime)
        .where(
          and(
            gte(slotTime.day, from),
            lt(slotTime.day, to),
            team === undefined ? undefined : eq(slotTime.team, team),
          ),
        )
        .groupBy(...columns.map(([, column]) => column), slotTime.kind)
        .all()
        .map(({ kind, ms, ...key }) => ({ key: keyOf(key), kind, ms }));
    },

    /** What every slot is used for that an attempt holds. @param labels the keys of those that are kept */
    openSlots: (labels: readonly string[]): OpenSlot[] =>
      db
        .select({
          attempt: attempts.attempt,
          hostId: attempts.hostId,
          from: heldSince,
          host: hosts.name,
          present: vms.attempt,
          team: vms.team,
          state: vms.state,
          endReason: vms.endReason,
          spec: vms.spec,
        })
        .from(attempts)
        .innerJoin(vms, eq(vms.id, attempts.vmId))
        .innerJoin(hosts, eq(hosts.id, attempts.hostId))
        .where(isHeld)
        .all()
        .map(({ attempt, present, team, state, endReason, spec, ...where }) => ({
          ...where,
          ...accountOf({ team, spec }, labels),
          kind: kindOf(
            { attempt: present, state, spec, end: endReason === null ? null : { endReason } },
            attempt,
          ),
        })),
  };
}

function hostTimes(db: Db, from: number, to: number): Entry[] {
  return db
    .select({ day: hostTime.day, host: hosts.name, kind: hostTime.kind, ms: hostTime.ms })
    .from(hostTime)
    .innerJoin(hosts, eq(hosts.id, hostTime.hostId))
    .where(and(gte(hostTime.day, from), lt(hostTime.day, to)))
    .all()
    .map(({ day, host, kind, ms }) => ({ key: { day: dayText(day), host }, kind, ms }));
}

type Column = string | number | null;

function columnOf(by: ReportBy): SQL<Column> {
  const label = labelOfBy(by);
  if (label !== undefined)
    return sql<Column>`(select value from json_each(${slotTime.labels}) where key = ${label})`;
  if (by === "day") return sql<Column>`${slotTime.day}`;
  return by === "team"
    ? sql<Column>`nullif(${slotTime.team}, '')`
    : sql<Column>`nullif(${slotTime.image}, '')`;
}

function keyOf(columns: Record<string, Column>): Entry["key"] {
  return Object.fromEntries(
    Object.entries(columns).map(([by, value]) => [
      by,
      value === null ? null : by === "day" ? dayText(Number(value)) : String(value),
    ]),
  );
}

/** Removes the oldest day alone: a few rows, and there is a next time. */
function forgetOldest(tx: Tx, book: typeof slotTime | typeof hostTime, before: number): void {
  const oldest = tx
    .select({ day: min(book.day) })
    .from(book)
    .get()?.day;
  if (oldest != null && oldest < before) tx.delete(book).where(eq(book.day, oldest)).run();
}
