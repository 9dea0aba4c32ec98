import { randomUUID } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import SqliteDatabase from "better-sqlite3";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { damageOf } from "./check.ts";
import { brokenDatabase, DatabaseUnusableError, faultOf, messageOf } from "./faults.ts";
import { databaseIn, lockDataDir } from "./files.ts";
import { migrateDatabase, MIGRATIONS } from "./migrate.ts";
import { NO_RESERVE, openReserve, type Reserve } from "./reserve.ts";
import { meta } from "./schema.ts";
import { openWriteAheadLog } from "./write-ahead-log.ts";

export type Db = ReturnType<typeof connect>["db"];

/** An open database: the connection, its log id, and how to let go of it. */
export interface Database {
  db: Db;
  /** Where it is, for people. */
  path: string;
  reserve: Reserve;
  /**
   * Makes durable what has been committed so far, and calls back; at once, where nothing outlives the process. After
   * an error nobody knows what is on the disk. One call at a time.
   */
  sync(done: (error: Error | null) => void): void;
  /** Names this database in every set of assignments; a new file has a new one. */
  logId: string;
  close(): void;
}

/**
 * Opens (or makes) the database in a data directory and brings its schema up to date.
 *
 * @param migrations folder of the schema's migrations; tests have their own
 * @throws DatabaseUnusableError when the directory cannot be written or another control plane uses it, or when
 *   the database is damaged, locked, or from a newer version
 */
export function openDatabase(dataDir: string, migrations = MIGRATIONS): Database {
  const unlock = lockDataDir(dataDir);
  try {
    const file = databaseIn(dataDir);
    const database = prepareDatabase(file, file, migrations);
    const log = openWriteAheadLog(file);
    // From here on a commit is durable when the log was synced, which the event loop need not wait for.
    database.db.$client.pragma("synchronous = NORMAL");
    return {
      ...database,
      reserve: openReserve(dataDir),
      sync: log.sync,
      close() {
        log.close();
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
  return prepareDatabase(contents ?? ":memory:", undefined, MIGRATIONS);
}

/**
 * Opens the copy of a database that is nobody's yet, and brings its schema up to date.
 *
 * @throws DatabaseUnusableError
 */
export function openCopy(path: string): Database {
  return prepareDatabase(path, undefined, MIGRATIONS);
}

const BUSY_TIMEOUT_MS = 100;

function connect(path: string | Buffer) {
  // better-sqlite3 waits for a lock synchronously, and everybody waits with it.
  const sqlite = new SqliteDatabase(path, { timeout: BUSY_TIMEOUT_MS });
  keepStatements(sqlite);
  return { sqlite, db: drizzle({ client: sqlite }) };
}

/** Far more than there are; texts whose number of placeholders varies are the only ones without end. */
const MOST_STATEMENTS = 1000;

/**
 * Compiles each statement once: drizzle asks for it anew with every call, and to compile takes SQLite longer than to
 * run it.
 */
function keepStatements(sqlite: SqliteDatabase.Database): void {
  const compile = sqlite.prepare.bind(sqlite);
  const kept = new Map<string, ReturnType<typeof compile>>();
  const prepare = (source: string) => {
    const statement = kept.get(source) ?? compile(source);
    kept.delete(source);
    kept.set(source, statement);
    const [oldest] = kept.keys();
    if (kept.size > MOST_STATEMENTS && oldest !== undefined) kept.delete(oldest);
    return statement;
  };
  Object.defineProperty(sqlite, "prepare", { value: prepare, writable: true });
}

/** Up to here every page is read at the start, which takes about a second; every backup is read whole too. */
const CHECKED_BYTES = 64 * 1024 * 1024;

function prepareDatabase(
  from: string | Buffer,
  file: string | undefined,
  migrations: string,
): MemoryDatabase {
  const path = typeof from === "string" ? from : "in memory";
  let sqlite: SqliteDatabase.Database | undefined;
  try {
    // A log that was left over may be one that was cut short: revisions that agents know may be lost.
    const isUnclean = file !== undefined && existsSync(`${file}-wal`);
    const connection = connect(from);
    const { db } = connection;
    ({ sqlite } = connection);
    sqlite.pragma("journal_mode = WAL");
    // WAL databases reopen at NORMAL in better-sqlite3's build; an acknowledged call must survive power loss.
    sqlite.pragma("synchronous = FULL");
    // The store makes its own checkpoints, and hears of their errors.
    sqlite.pragma("wal_autocheckpoint = 0");
    if (file !== undefined && statSync(file).size <= CHECKED_BYTES) {
      const [damage] = damageOf(sqlite, "quick_check");
      if (damage !== undefined) throw brokenDatabase(path, damage);
    }
    migrateDatabase(sqlite, db, { path, file, migrations });
    const logId = readLogId(db, isUnclean);
    const opened = sqlite;
    return {
      db,
      path,
      reserve: NO_RESERVE,
      sync: (done) => done(null),
      logId,
      close: () => opened.close(),
      contents: () => opened.serialize(),
    };
  } catch (error) {
    sqlite?.close();
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): DatabaseUnusableError {
  if (error instanceof DatabaseUnusableError) return error;
  switch (faultOf(error)) {
    case "broken":
      return brokenDatabase(path, error);
    case "busy":
      return new DatabaseUnusableError(
        `The database ${path} is locked by another process, perhaps a sqlite3 shell or a copy being made. End it, then start again.`,
      );
    case "full":
      return new DatabaseUnusableError(
        `The disk of the database ${path} is full. Make room on it, then start again.`,
      );
    case undefined:
      return new DatabaseUnusableError(`The database ${path} cannot be opened: ${messageOf(error)}`);
  }
}

function readLogId(db: Db, isNew: boolean): string {
  const known = db.select().from(meta).where(eq(meta.key, "log_id")).get()?.value;
  if (known !== undefined && !isNew) return known;
  const value = randomUUID();
  db.insert(meta)
    .values({ key: "log_id", value })
    .onConflictDoUpdate({ target: meta.key, set: { value } })
    .run();
  return value;
}
