import type { RunResult, Statement } from "better-sqlite3";
import { Column, getTableColumns, is, Param, Placeholder, sql, type SQL } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Db } from "./database.ts";

/*
 * Queries of hot paths: drizzle builds them once for each database, better-sqlite3 carries them out. To build one
 * costs several times as much as SQLite's own work, and so does drizzle's way to take a row apart, column by column
 * (docs/performance.md). What changes from call to call is a placeholder.
 */

type Values = Readonly<Record<string, unknown>>;

interface Query {
  toSQL(): { sql: string; params: unknown[] };
}

interface Select<Row> extends Query {
  readonly _: { readonly selectedFields: object; readonly result: Row[] };
}

/** A `select` of one table's columns, or of named ones. */
export function preparedRead<Row>(build: (db: Db) => Select<Row>): (db: Db) => {
  get(values?: Values): Row | undefined;
  all(values?: Values): Row[];
} {
  return once((db) => {
    const query = build(db);
    const { statement, bind } = compile(db, query);
    statement.raw();
    const decode = decoderOf(query);
    return {
      get(values = {}) {
        const row = statement.get(bind(values));
        return row && decode(row);
      },
      all: (values = {}) => statement.all(bind(values)).map(decode),
    };
  });
}

/** An `insert`, `update` or `delete` that returns no rows. */
export function preparedWrite(build: (db: Db) => Query): (db: Db) => (values: Values) => RunResult {
  return once((db) => {
    const { statement, bind } = compile(db, build(db));
    return (values) => statement.run(bind(values));
  });
}

/** A placeholder for each of the columns that are written, named like it. */
export function placeholders<Name extends string>(names: readonly Name[]): Record<Name, SQL> {
  // Drizzle takes a placeholder for any value, but its types know of no such thing in an update.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(names.map((name) => [name, sql.placeholder(name)])) as never;
}

/** The names of all columns of a table, but for some. */
export function columnsBut<Table extends SQLiteTable, Name extends keyof Table["_"]["columns"] & string>(
  table: Table,
  ...but: Name[]
): Exclude<keyof Table["_"]["columns"] & string, Name>[] {
  const left = Object.keys(getTableColumns(table)).filter((name) => !but.some((other) => other === name));
  // Of exactly these names.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return left as never;
}

function once<T>(build: (db: Db) => T): (db: Db) => T {
  const built = new WeakMap<Db, T>();
  return (db) => {
    const known = built.get(db) ?? build(db);
    built.set(db, known);
    return known;
  };
}

function compile(
  db: Db,
  query: Query,
): { statement: Statement<[unknown[]], unknown[]>; bind(values: Values): unknown[] } {
  const { sql: text, params } = query.toSQL();
  const binders = params.map(binderOf);
  return {
    statement: db.$client.prepare<[unknown[]], unknown[]>(text),
    bind: (values) => binders.map((binder) => binder(values)),
  };
}

function binderOf(param: unknown): (values: Values) => unknown {
  if (is(param, Placeholder)) {
    const { name } = param;
    return (values) => valueOf(values, name);
  }
  if (is(param, Param) && is(param.value, Placeholder)) {
    const { encoder } = param;
    const { name } = param.value;
    return (values) => {
      const value = valueOf(values, name);
      // Drizzle would write the text `null` into a JSON column.
      return value === null ? null : encoder.mapToDriverValue(value);
    };
  }
  return () => param;
}

function valueOf(values: Values, name: string): unknown {
  const value = values[name];
  if (value === undefined) throw new Error(`no value for the placeholder ${name}`);
  return value;
}

function decoderOf<Row>({ _: { selectedFields } }: Select<Row>): (row: unknown[]) => Row {
  const decoders = Object.entries(selectedFields).map(([name, field]: [string, unknown]) => ({
    name,
    // What SQLite has of most columns is what they stand for.
    decode:
      is(field, Column) && field.mapFromDriverValue !== Column.prototype.mapFromDriverValue
        ? field
        : undefined,
  }));
  return (row) => {
    const decoded: Record<string, unknown> = {};
    for (const [index, { name, decode }] of decoders.entries()) {
      const value = row[index];
      decoded[name] = value === null || decode === undefined ? value : decode.mapFromDriverValue(value);
    }
    // As the query's type says.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return decoded as Row;
  };
}
