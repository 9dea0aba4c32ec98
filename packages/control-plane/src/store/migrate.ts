import { copyFileSync, constants, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type SqliteDatabase from "better-sqlite3";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { danglingRows } from "./check.ts";
import { DatabaseUnusableError, messageOf } from "./faults.ts";
import { moveInto } from "./files.ts";

export const MIGRATIONS = fileURLToPath(new URL("./migrations", import.meta.url));

/** How far a database's schema has come. */
export interface SchemaState {
  /** Migrations that were applied; 0 for an empty database. */
  applied: number;
  known: number;
  isNewer: boolean;
}

export function schemaState(sqlite: SqliteDatabase.Database, migrations = MIGRATIONS): SchemaState {
  const known = readMigrationFiles({ migrationsFolder: migrations }).map(({ folderMillis }) => folderMillis);
  const hasTable = sqlite
    .prepare("select 1 from sqlite_master where type = 'table' and name = '__drizzle_migrations'")
    .get();
  const newest = hasTable
    ? Number(sqlite.prepare("select max(created_at) from __drizzle_migrations").pluck().get() ?? 0)
    : 0;
  return {
    applied: known.filter((time) => time <= newest).length,
    known: known.length,
    isNewer: newest > (known.at(-1) ?? 0),
  };
}

/**
 * Brings a schema up to date, in one transaction. A file that holds something is copied beside itself first,
 * as `….before-schema-N`; of such copies the newest is kept.
 *
 * Two traps of drizzle's migrator are closed here: a rebuilt table would delete its children's rows, because
 * foreign keys cannot be switched off inside the migrator's transaction (drizzle-orm#5782); and a database
 * that is ahead of our migrations would be taken for a current one.
 *
 * @param file where the database is, when it is to be copied
 */
export function migrateDatabase(
  sqlite: SqliteDatabase.Database,
  db: BetterSQLite3Database,
  { path, file, migrations }: { path: string; file: string | undefined; migrations: string },
): void {
  const { applied, known, isNewer } = schemaState(sqlite, migrations);
  if (isNewer) {
    throw new DatabaseUnusableError(
      `The database ${path} was written by a newer version of tartfleet. Run that version, or restore a backup from before the upgrade.`,
    );
  }
  if (applied === known) return;
  const copy = applied > 0 && file !== undefined ? keepCopy(sqlite, file, known) : undefined;
  sqlite.pragma("foreign_keys = OFF");
  try {
    migrate(db, { migrationsFolder: migrations });
  } catch (error) {
    throw new DatabaseUnusableError(
      `The database ${path} could not be upgraded to schema ${known}, and is as it was: ${messageOf(error)}. The version that you ran before still works with it.`,
    );
  }
  const broken = danglingRows(sqlite);
  if (broken > 0) {
    throw new DatabaseUnusableError(
      `The database ${path} has ${broken} rows that point nowhere${copy === undefined ? "" : ` since it was upgraded; before, it was ${copy}`}. Put a backup in its place with \`tartfleet-control-plane db restore FILE\`.`,
    );
  }
  sqlite.pragma("foreign_keys = ON");
}

function keepCopy(sqlite: SqliteDatabase.Database, file: string, schema: number): string {
  const copy = `${file}.before-schema-${schema}`;
  const making = `${copy}.making`;
  try {
    const [state] = sqlite.prepare<[], { busy: number }>("pragma wal_checkpoint(truncate)").all();
    if (state?.busy !== 0) throw new Error("another process has it open");
    copyFileSync(file, making, constants.COPYFILE_FICLONE);
    moveInto(making, copy);
  } catch (error) {
    rmSync(making, { force: true });
    throw new DatabaseUnusableError(
      `The database ${file} must be upgraded, and could not be copied to ${copy} before that: ${messageOf(error)}. Nothing was changed. Make room for as much again, and start again.`,
    );
  }
  const older = readdirSync(dirname(file)).filter(
    (name) => name.startsWith(`${basename(file)}.before-schema-`) && name !== basename(copy),
  );
  for (const name of older) rmSync(join(dirname(file), name));
  return copy;
}
