import type { Db } from "./database.ts";

/**
 * A read of a hot path, built once for each database: building a query costs several times as much as carrying it
 * out (docs/performance.md). What changes from call to call is a placeholder.
 *
 * For reads alone: drizzle would write a null that is put in a placeholder of a JSON column as the text `null`.
 */
export function prepared<Query>(build: (db: Db) => Query): (db: Db) => Query {
  const built = new WeakMap<Db, Query>();
  return (db) => {
    const query = built.get(db) ?? build(db);
    built.set(db, query);
    return query;
  };
}
