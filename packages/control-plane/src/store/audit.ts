import { createHash } from "node:crypto";
import {
  AUDIT_BEGINNING,
  AUDIT_BEGUN,
  AUDIT_CONTINUED,
  AUDIT_SHORTENED,
  auditDetailsText,
  auditText,
  followAuditChain,
  type AuditAnchor,
  type AuditDetails,
  type AuditQuery,
  type AuditRecord,
  type AuditSummary,
} from "@tartfleet/shared";
import { and, asc, desc, eq, gt, gte, inArray, lt, lte } from "drizzle-orm";
import type { Database, Db } from "./database.ts";
import type { Commit, Tx } from "./group-commit.ts";
import { audit } from "./schema.ts";

/** Something that somebody did, or was refused. */
export interface Act {
  actor: string;
  action: string;
  subject: string;
  outcome: "done" | "refused";
  address: string | null;
  requestId: string | null;
  /** Small facts; no secrets, nothing of any length. */
  details: AuditDetails;
}

/**
 * Adds a row to the log. For use inside a step alone: the row is there when the step's change is, and is gone
 * with it when the step is rolled back, since the row before is read anew each time.
 */
export type WriteAct = (act: Act, now: number) => void;

/** A row as it is stored. */
export type AuditRow = Omit<AuditRecord, "at" | "details"> & { at: number; details: string };

/** Rows after the one with the seq, oldest first. */
export const AUDIT_ROWS_AFTER = `select seq, at, actor, action, subject, outcome, address, request_id as requestId,
  details, previous, hash from audit where seq > ? order by seq`;

const DAY_MS = 86_400_000;

const ITSELF = { actor: "control plane", outcome: "done", address: null, requestId: null } as const;

/** The one place that adds rows to the audit log. */
export function makeAuditWriter({ db, logId }: Pick<Database, "db" | "logId">): WriteAct {
  // On the path of every call that changes something: prepared once.
  const newest = db.$client.prepare<[], Pick<AuditRow, "seq" | "hash">>(
    "select seq, hash from audit order by seq desc limit 1",
  );
  const insert = db.$client.prepare<[AuditRow]>(
    `insert into audit (seq, at, actor, action, subject, outcome, address, request_id, details, previous, hash)
     values (@seq, @at, @actor, @action, @subject, @outcome, @address, @requestId, @details, @previous, @hash)`,
  );

  function add(last: Pick<AuditRow, "seq" | "hash">, act: Act, at: number): Pick<AuditRow, "seq" | "hash"> {
    const row = { ...asStored(act), seq: last.seq + 1, previous: last.hash };
    const hash = sha256(auditText({ ...row, at: new Date(at).toISOString() }));
    insert.run({ ...row, at, details: auditDetailsText(row.details), hash });
    return { seq: row.seq, hash };
  }

  function begin(at: number): Pick<AuditRow, "seq" | "hash"> {
    const details = { database: logId };
    const act = { ...ITSELF, action: AUDIT_BEGUN, subject: "audit log", details };
    return add({ seq: 0, hash: AUDIT_BEGINNING }, act, at);
  }

  return (act, now) => void add(newest.get() ?? begin(now), act, now);
}

/** Halves of surrogate pairs cannot be stored; the hash must be of what is. */
const stored = (text: string) => Buffer.from(text).toString();

function asStored({ actor, action, subject, outcome, address, requestId, details }: Act): Act {
  return {
    actor: stored(actor),
    action: stored(action),
    subject: stored(subject),
    outcome,
    address: address && stored(address),
    requestId: requestId && stored(requestId),
    details: Object.fromEntries(
      Object.entries(details).map(([key, value]) => [key, typeof value === "string" ? stored(value) : value]),
    ),
  };
}

/** Intents and reads about the audit log itself. */
export function makeAuditStore(
  { db, logId }: Pick<Database, "db" | "logId">,
  commit: Commit,
  write: WriteAct,
) {
  return {
    /** Says so in the log when the database is a restored or copied one; the chain goes on. */
    continueAudit: (now: number): Promise<void> =>
      commit(() => {
        const from = databaseOf(db);
        if (from === undefined || from === logId) return;
        const details = { from, database: logId };
        write({ ...ITSELF, action: AUDIT_CONTINUED, subject: "audit log", details }, now);
      }),

    /**
     * Takes rows that are older than a time off the log's beginning: first says so in the log itself, a day's rows at
     * least at once, then removes up to so many.
     *
     * @returns whether more are to be removed
     */
    shortenAudit: (before: number, rows: number, now: number): Promise<boolean> =>
      commit((tx) => {
        const oldest = tx
          .select({ seq: audit.seq, at: audit.at })
          .from(audit)
          .orderBy(asc(audit.seq))
          .limit(1)
          .get();
        if (oldest === undefined) return false;
        if (oldest.seq > shortenedUntil(tx)) {
          if (oldest.at > before - DAY_MS) return false;
          const last = lastBefore(tx, firstSince(tx, before));
          const details = { ...last, database: logId };
          write({ ...ITSELF, action: AUDIT_SHORTENED, subject: "audit log", details }, now);
        }
        const some = tx
          .select({ seq: audit.seq })
          .from(audit)
          .where(lte(audit.seq, shortenedUntil(tx)))
          .orderBy(asc(audit.seq))
          .limit(rows);
        return tx.delete(audit).where(inArray(audit.seq, some)).run().changes === rows;
      }),

    /** For what changes nothing else, like a refusal. */
    recordAct: (act: Act, now: number): Promise<void> => commit(() => write(act, now)),

    auditRows: ({ after, limit, order, actor, action, subject, since }: AuditQuery): AuditRecord[] => {
      const isOldest = order === "oldest";
      return db
        .select()
        .from(audit)
        .where(
          and(
            after === undefined ? undefined : isOldest ? gt(audit.seq, after) : lt(audit.seq, after),
            actor === undefined ? undefined : eq(audit.actor, actor),
            action === undefined ? undefined : eq(audit.action, action),
            subject === undefined ? undefined : eq(audit.subject, subject),
            since === undefined ? undefined : gte(audit.seq, firstSince(db, Date.parse(since))),
          ),
        )
        .orderBy(isOldest ? asc(audit.seq) : desc(audit.seq))
        .limit(limit)
        .all()
        .map(({ at, ...row }) => ({ ...row, at: new Date(at).toISOString() }));
    },
  };
}

/** The log id of the database that the newest rows were written in; undefined when there are none. */
function databaseOf(db: Db): string | undefined {
  const row = db
    .select({ details: audit.details })
    .from(audit)
    .where(inArray(audit.action, [AUDIT_BEGUN, AUDIT_CONTINUED, AUDIT_SHORTENED]))
    .orderBy(desc(audit.seq))
    .limit(1)
    .get();
  const id = row?.details["database"];
  return typeof id === "string" ? id : undefined;
}

/** Up to which row the log says that it was shortened; 0 when it never was. */
function shortenedUntil(tx: Tx): number {
  const row = tx
    .select({ details: audit.details })
    .from(audit)
    .where(eq(audit.action, AUDIT_SHORTENED))
    .orderBy(desc(audit.seq))
    .limit(1)
    .get();
  return Number(row?.details["seq"] ?? 0);
}

function lastBefore(tx: Tx, seq: number): { seq: number; hash: string } {
  const row = tx
    .select({ seq: audit.seq, hash: audit.hash })
    .from(audit)
    .where(lt(audit.seq, seq))
    .orderBy(desc(audit.seq))
    .limit(1)
    .get();
  if (row === undefined) throw new Error(`there is no row of the audit log before row ${seq}`);
  return row;
}

/** The first row that is not older; past the last one when all are. */
function firstSince(db: Db, at: number): number {
  const row = db
    .select({ seq: audit.seq })
    .from(audit)
    .where(gte(audit.at, at))
    .orderBy(asc(audit.at), asc(audit.seq))
    .limit(1)
    .get();
  return row?.seq ?? Number.MAX_SAFE_INTEGER;
}

/**
 * Looks through the audit log of an open database, row by row: whether anything was changed, left out or put
 * in. Rows cut off at the end are seen as long as SQLite's own counter was not set back, and with an anchor.
 */
export function verifyAudit(client: Db["$client"], anchor?: AuditAnchor): AuditSummary {
  const chain = followAuditChain(sha256, { anchor });
  const rows = client.prepare<[number], AuditRow>(AUDIT_ROWS_AFTER).iterate(Number.MIN_SAFE_INTEGER);
  for (const row of rows) if (!chain.take(auditRecordOf(row))) break;
  const summary = chain.end();
  const end = summary.last?.seq ?? 0;
  const given = client
    .prepare<[], { seq: number }>("select seq from sqlite_sequence where name = 'audit'")
    .get();
  if (summary.fault || (given?.seq ?? 0) <= end) return summary;
  const message = `the log ends at row ${end}, but the database has given out ${given?.seq}: the rows after were cut off`;
  return { ...summary, fault: { seq: end + 1, message } };
}

/** Details that are not exactly what we would have written do not survive this, and then the hash does not fit. */
export function auditRecordOf(row: AuditRow): AuditRecord {
  const at = new Date(row.at);
  return {
    ...row,
    at: Number.isNaN(at.getTime()) ? String(row.at) : at.toISOString(),
    details: detailsOf(row.details),
  };
}

function detailsOf(text: string): AuditDetails {
  try {
    const details: AuditDetails = JSON.parse(text);
    return auditDetailsText(details) === text ? details : { changed: true };
  } catch {
    return { changed: true };
  }
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
