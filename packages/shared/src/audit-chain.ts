import {
  AUDIT_BEGINNING,
  AUDIT_BEGUN,
  AUDIT_CONTINUED,
  AUDIT_SHORTENED,
  auditText,
  type AuditRecord,
} from "./audit.ts";

/** A row that was noted elsewhere: it must still be there, with the same hash. */
export interface AuditAnchor {
  seq: number;
  hash: string;
}

const NAMES_DATABASE: ReadonlySet<string> = new Set([AUDIT_BEGUN, AUDIT_CONTINUED, AUDIT_SHORTENED]);

/** Where a log is not what it was. */
export interface AuditFault {
  seq: number;
  message: string;
}

/** What was seen of a log. */
export interface AuditSummary {
  rows: number;
  first: AuditRecord | undefined;
  last: AuditRecord | undefined;
  fault: AuditFault | undefined;
}

/** Follows a chain of rows, oldest first, as they are given to it; stops looking at the first fault. */
export interface AuditChain {
  /** @returns false when the log is known to be broken: more rows change nothing */
  take(row: AuditRecord): boolean;
  /** After the last row. */
  end(): AuditSummary;
}

/**
 * @param sha256 of a text as UTF-8, in hex
 * @param whole false when the rows may begin in the middle of the log, as in an export since some time
 */
export function followAuditChain(
  sha256: (text: string) => string,
  { anchor, whole = true }: { anchor?: AuditAnchor | undefined; whole?: boolean } = {},
): AuditChain {
  let rows = 0;
  let first: AuditRecord | undefined;
  let last: AuditRecord | undefined;
  let fault: AuditFault | undefined;
  let database: string | undefined;
  let continued: string | undefined;
  let shortened: AuditRecord | undefined;

  function wrong(row: AuditRecord): string | undefined {
    const due = last ? last.seq + 1 : Math.max(1, row.seq);
    if (row.seq !== due) {
      return row.seq > due
        ? `row ${due} is missing: row ${last?.seq} is followed by row ${row.seq}`
        : `row ${row.seq} is out of place: row ${due} should stand here`;
    }
    if (sha256(auditText(row)) !== row.hash) return `row ${row.seq} was changed: its hash does not fit it`;
    const before = last?.hash ?? (row.seq === 1 ? AUDIT_BEGINNING : row.previous);
    if (row.previous !== before)
      return `row ${row.seq} does not follow the row before: one of them was replaced`;
    if ((row.seq === 1) !== (row.action === AUDIT_BEGUN)) {
      return row.seq === 1
        ? `row 1 does not say which database the log is of`
        : `row ${row.seq} begins another log`;
    }
    if (row.action === AUDIT_CONTINUED && database !== undefined && row.details["from"] !== database) {
      return `row ${row.seq} continues the log of another database`;
    }
    if (anchor?.seq === row.seq && anchor.hash !== row.hash) {
      return `row ${row.seq} is not the one of the anchor: the log was rewritten from there or from further up${continued ?? ""}`;
    }
    return undefined;
  }

  return {
    take(row) {
      if (fault) return false;
      const message = wrong(row);
      if (message !== undefined) {
        fault = { seq: last ? last.seq + 1 : row.seq, message };
        return false;
      }
      const { database: id } = row.details;
      if (row.action === AUDIT_SHORTENED) shortened = row;
      if (NAMES_DATABASE.has(row.action) && typeof id === "string") {
        database = id;
        if (row.action === AUDIT_CONTINUED)
          continued = ` (row ${row.seq}, ${row.at}: a backup was restored, or the database was not closed well)`;
      }
      first ??= row;
      last = row;
      rows += 1;
      return true;
    },
    end() {
      if (whole && first) fault ??= beheaded(first, shortened);
      fault ??= missing(first, last, anchor, continued);
      return { rows, first, last, fault };
    },
  };
}

/** What is wrong with where a whole log begins: at row 1, or no further than the log itself says. */
function beheaded(first: AuditRecord, shortened: AuditRecord | undefined): AuditFault | undefined {
  const gone = first.seq - 1;
  if (gone === 0) return undefined;
  const { seq: until = 0, hash } = shortened?.details ?? {};
  if (typeof until !== "number" || until < gone) {
    const due = typeof until === "number" ? until + 1 : 1;
    return { seq: due, message: `row ${due} is missing: the beginning is followed by row ${first.seq}` };
  }
  if (until > gone || hash === first.previous) return undefined;
  const message = `row ${first.seq} does not follow the rows that were removed: row ${shortened?.seq} says that they end in another one`;
  return { seq: first.seq, message };
}

function missing(
  first: AuditRecord | undefined,
  last: AuditRecord | undefined,
  anchor: AuditAnchor | undefined,
  continued = "",
): AuditFault | undefined {
  if (!anchor) return undefined;
  if (!last || anchor.seq > last.seq) {
    const end = last?.seq ?? 0;
    const message = `the log ends at row ${end}, but the anchor is row ${anchor.seq}: what came after row ${end} was cut off${continued}`;
    return { seq: end + 1, message };
  }
  if (first && anchor.seq === first.seq - 1 && anchor.hash === first.previous) return undefined;
  if (first && anchor.seq < first.seq) {
    return {
      seq: anchor.seq,
      message: `the anchor is row ${anchor.seq}, but these rows begin at ${first.seq}`,
    };
  }
  return undefined;
}
