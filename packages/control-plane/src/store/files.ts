import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import SqliteDatabase from "better-sqlite3";
import { DatabaseUnusableError, isSqliteError, messageOf } from "./faults.ts";

/** The database in a data directory. */
export const databaseIn = (dataDir: string): string => join(dataDir, "tartfleet.sqlite");

/**
 * Holds a data directory (made if need be) for this process. The lock is SQLite's own on a file beside the
 * database, so the kernel drops it when the process dies.
 *
 * @returns how to let go of it
 * @throws DatabaseUnusableError when it cannot be written, or another process has it
 */
export function lockDataDir(dataDir: string): () => void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new DatabaseUnusableError(`The data directory ${dataDir} cannot be made: ${messageOf(error)}`);
  }
  let connection: SqliteDatabase.Database | undefined;
  try {
    connection = new SqliteDatabase(join(dataDir, "lock.sqlite"), { timeout: 0 });
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

/** Gives a whole file its name: what has that name is replaced, and both are durable or neither. Mode 0600. */
export function moveInto(from: string, to: string): void {
  chmodSync(from, 0o600);
  sync(from);
  renameSync(from, to);
  sync(dirname(to));
}

function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
