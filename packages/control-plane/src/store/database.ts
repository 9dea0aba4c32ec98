import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import SqliteDatabase from "better-sqlite3";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { DatabaseUnusableError, isSqliteError, messageOf } from "./faults.ts";
import { NO_RESERVE, openReserve, type Reserve } from "./reserve.ts";
import { meta } from "./schema.ts";

const migrationsFolder = fileURLToPath(new URL("./migrations", import.meta.url));

export type Db = ReturnType<typeof connect>["db"];

/** An open database: the connection, its log id, and how to let go of it. */
export interface Database {
  db: Db;
  /** Where it is, for people. */
  path: string;
  reserve: Reserve;
  /** Names this database in every set of assignments; a new file has a new one. */
  logId: string;
  close(): void;
}

/**
 * Opens (or makes) the database in a data directory and brings its schema up to date.
 *
 * @throws DatabaseUnusableError when the directory cannot be written, another control plane uses it, or the
 *   database was written by a newer version
 */
export function openDatabase(dataDir: string): Database {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new DatabaseUnusableError(`The data directory ${dataDir} cannot be made: ${messageOf(error)}`);
  }
  const unlock = lock(dataDir);
  try {
    const database = prepareDatabase(join(dataDir, "tartfleet.sqlite"));
    return {
      ...database,
      reserve: openReserve(dataDir),
      close() {
        database.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** A database in memory. */
export interface MemoryDatabase extends Database {
  /** All of it, as another one can be opened from. */
  contents(): Buffer;
}

/** A database of its own in memory, from the same migrations: empty, or from another one's contents. */
export function openMemoryDatabase(contents?: Buffer): MemoryDatabase {
  return prepareDatabase(contents ?? ":memory:");
}

/**
 * Holds the data directory for this process. The lock is SQLite's own on a file beside the database, so the
 * kernel drops it when the process dies.
 */
function lock(dataDir: string): () => void {
  const path = join(dataDir, "lock.sqlite");
  let connection: SqliteDatabase.Database | undefined;
  try {
    connection = new SqliteDatabase(path, { timeout: 0 });
    connection.exec("begin exclusive");
    const held = connection;
    return () => held.close();
  } catch (error) {
    connection?.close();
    if (isSqliteError(error, "SQLITE_BUSY")) {
      throw new DatabaseUnusableError(
        `Another control plane uses the data directory ${dataDir}. Stop it, or give another --data-dir.`,
      );
    }
    throw new DatabaseUnusableError(
      `The data directory ${dataDir} cannot be written: ${messageOf(error)}. Make it writable for this user, or give another --data-dir.`,
    );
  }
}

const BUSY_TIMEOUT_MS = 100;

function connect(path: string | Buffer) {
  // better-sqlite3 waits for a lock synchronously, and everybody waits with it.
  const sqlite = new SqliteDatabase(path, { timeout: BUSY_TIMEOUT_MS });
  return { sqlite, db: drizzle({ client: sqlite }) };
}

function prepareDatabase(from: string | Buffer): MemoryDatabase {
  const { sqlite, db } = connect(from);
  const path = typeof from === "string" ? from : "in memory";
  try {
    sqlite.pragma("journal_mode = WAL");
    // WAL databases reopen at NORMAL in better-sqlite3's build; an acknowledged call must survive power loss.
    sqlite.pragma("synchronous = FULL");
    // The store makes its own checkpoints, and hears of their errors.
    sqlite.pragma("wal_autocheckpoint = 0");
    migrateDatabase(sqlite, db, path);
    const logId = readLogId(db);
    return {
      db,
      path,
      reserve: NO_RESERVE,
      logId,
      close: () => sqlite.close(),
      contents: () => sqlite.serialize(),
    };
  } catch (error) {
    sqlite.close();
    if (error instanceof DatabaseUnusableError) throw error;
    throw new DatabaseUnusableError(`The database ${path} cannot be opened: ${messageOf(error)}`);
  }
}

/**
 * Two traps of drizzle's migrator are closed here: a rebuilt table would delete its children's rows, because
 * foreign keys cannot be switched off inside the migrator's transaction (drizzle-orm#5782); and a database
 * that is ahead of our migrations would be taken for a current one.
 */
function migrateDatabase(sqlite: SqliteDatabase.Database, db: Db, path: string): void {
  const known = readMigrationFiles({ migrationsFolder }).at(-1)?.folderMillis ?? 0;
  const hasTable = sqlite
    .prepare("select 1 from sqlite_master where type = 'table' and name = '__drizzle_migrations'")
    .get();
  if (hasTable) {
    const newest = sqlite.prepare("select max(created_at) from __drizzle_migrations").pluck().get();
    if (Number(newest) > known) {
      throw new DatabaseUnusableError(
        `The database ${path} was written by a newer version of tartfleet. Run that version, or restore a backup from before the upgrade.`,
      );
    }
  }
  sqlite.pragma("foreign_keys = OFF");
  migrate(db, { migrationsFolder });
  const broken = sqlite.pragma("foreign_key_check");
  if (Array.isArray(broken) && broken.length > 0) {
    throw new DatabaseUnusableError(
      `The database ${path} has ${broken.length} rows that point nowhere; restore a backup.`,
    );
  }
  sqlite.pragma("foreign_keys = ON");
}

function readLogId(db: Db): string {
  const id = db
    .insert(meta)
    .values({ key: "log_id", value: randomUUID() })
    .onConflictDoNothing()
    .returning()
    .get();
  const row = id ?? db.select().from(meta).where(eq(meta.key, "log_id")).get();
  if (!row) throw new Error("the database has no log id");
  return row.value;
}
