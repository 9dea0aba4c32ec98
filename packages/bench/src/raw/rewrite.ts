import Database from "better-sqlite3";
import { tablesAbout } from "./past.ts";

/** A group as the control plane's is under load. */
const LIVES_AT_ONCE = 64;

/**
 * Writes the rows that a control plane has of VMs into an empty database with the same tables and indexes, so many
 * lives a transaction, each row once: the least that keeping them can cost.
 *
 * @param since of VMs that were created from then on; milliseconds since 1970
 * @returns lives a second
 */
export function rewriteLives(from: string, to: string, since: number): number {
  const source = new Database(from, { readonly: true });
  const target = new Database(to);
  try {
    target.pragma("journal_mode = WAL");
    target.pragma("synchronous = FULL");
    target.pragma("foreign_keys = OFF");
    const schema = source
      .prepare<[], { sql: string }>(
        "select sql from sqlite_master where sql is not null and name not like 'sqlite_%'",
      )
      .all();
    for (const { sql } of schema) target.exec(sql);
    const lives = source
      .prepare<[number], { id: string }>("select id from vms where created_at >= ? order by seq")
      .all(since);
    const rows = [["vms", "id"], ...tablesAbout(source).map((name) => [name, "vm_id"])].map(
      ([name = "", column]) => ({
        read: source.prepare(`select * from ${name} where ${column} = ?`).raw(),
        insert: insertInto(target, name),
      }),
    );
    const written = lives.map(({ id }) =>
      rows.flatMap(({ read, insert }) => read.all(id).map((row) => ({ insert, row }))),
    );

    const begunAt = performance.now();
    for (let first = 0; first < written.length; first += LIVES_AT_ONCE) {
      target.transaction(() => {
        for (const { insert, row } of written.slice(first, first + LIVES_AT_ONCE).flat()) insert.run(row);
      })();
    }
    return written.length / ((performance.now() - begunAt) / 1000);
  } finally {
    source.close();
    target.close();
  }
}

function insertInto(db: Database.Database, table: string): Database.Statement {
  const columns = db.prepare<[string]>("select 1 from pragma_table_info(?)").all(table);
  return db.prepare(`insert into ${table} values (${columns.map(() => "?").join(", ")})`);
}
