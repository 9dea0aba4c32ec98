import type { AuditSummary } from "@tartfleet/shared";
import SqliteDatabase from "better-sqlite3";
import { verifyAudit } from "./audit.ts";
import { damageOf, danglingRows } from "./check.ts";
import { brokenDatabase, DatabaseUnusableError, messageOf } from "./faults.ts";
import { schemaState, type SchemaState } from "./migrate.ts";

/** What `db check` finds in a database's file. */
export interface Inventory {
  damage: readonly string[];
  /** Of a damaged one nothing more is said. */
  contents: Contents | undefined;
}

export interface Contents {
  danglingRows: number;
  schema: SchemaState;
  logId: string | undefined;
  audit: AuditSummary;
  counts: { liveVms: number; endedVms: number; hosts: number; tokens: number };
  /** Sealed credentials of VMs that are not set up yet, by VM. */
  sealed: { id: string; secrets: Buffer }[];
}

/**
 * Reads all of a database, also while a control plane runs on it; nothing is changed.
 *
 * @throws DatabaseUnusableError when there is none, or so little of it that nothing can be said
 */
export function takeInventory(path: string): Inventory {
  let sqlite: SqliteDatabase.Database;
  try {
    sqlite = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
  } catch (error) {
    throw new DatabaseUnusableError(`The database ${path} cannot be opened: ${messageOf(error)}`);
  }
  try {
    const damage = damageOf(sqlite, "integrity_check");
    return { damage, contents: damage.length > 0 ? undefined : readContents(sqlite) };
  } catch (error) {
    throw brokenDatabase(path, error);
  } finally {
    sqlite.close();
  }
}

function readContents(sqlite: SqliteDatabase.Database): Contents {
  const schema = schemaState(sqlite);
  if (schema.applied === 0) throw new Error("it is not a database of tartfleet");
  const count = (from: string) => Number(sqlite.prepare(`select count(*) from ${from}`).pluck().get());
  const log = sqlite.prepare<[], { value: string }>("select value from meta where key = 'log_id'").get();
  return {
    danglingRows: danglingRows(sqlite),
    schema,
    logId: log?.value,
    audit: schema.isNewer || !hasAudit(sqlite) ? NO_AUDIT : verifyAudit(sqlite),
    counts: {
      liveVms: count("vms where state not in ('deleted', 'failed')"),
      endedVms: count("vms where state in ('deleted', 'failed')"),
      hosts: count("hosts"),
      tokens: count("tokens"),
    },
    sealed: sqlite
      .prepare<[], { id: string; secrets: Buffer }>("select id, secrets from vms where secrets is not null")
      .all(),
  };
}

const NO_AUDIT: AuditSummary = { rows: 0, first: undefined, last: undefined, fault: undefined };

/** An older database that was not upgraded yet has none. */
function hasAudit(sqlite: SqliteDatabase.Database): boolean {
  return sqlite.prepare("select 1 from sqlite_master where name = 'audit'").get() !== undefined;
}
