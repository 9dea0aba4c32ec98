import { getTableColumns, sql, type SQL } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Db } from "./database.ts";

/**
 * A query of a hot path, built once for each database: building one costs several times as much as carrying it out
 * (docs/performance.md). What changes from call to call is a placeholder.
 */
export function prepared<Query>(build: (db: Db) => Query): (db: Db) => Query {
  const built = new WeakMap<Db, Query>();
  return (db) => {
    const query = built.get(db) ?? build(db);
    built.set(db, query);
    return query;
  };
}

/** A placeholder for each of the columns that are written, named like it; `encoded` makes the values. */
export function placeholders<Name extends string>(names: readonly Name[]): Record<Name, SQL> {
  const all = names.map((name): [Name, SQL] => [name, sql`${sql.placeholder(name)}`]);
  // Of exactly these names.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(all) as Record<Name, SQL>;
}

/**
 * Values as SQLite has them, for placeholders of writes. Left to itself drizzle would write a null that comes by a
 * placeholder of a JSON column as the text `null`.
 */
export function encoded(table: SQLiteTable, values: object): Record<string, unknown> {
  const columns = getTableColumns(table);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]: [string, unknown]) => [
      name,
      value === null ? null : (columns[name]?.mapToDriverValue(value) ?? value),
    ]),
  );
}
