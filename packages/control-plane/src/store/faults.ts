import { CallError } from "@tartfleet/shared";
import SqliteDatabase from "better-sqlite3";

/** A database that cannot be used as it is; the message says what to do. */
export class DatabaseUnusableError extends Error {
  override readonly name = "DatabaseUnusableError";
}

/**
 * What an error of SQLite means for those who wait.
 *
 * full: there is no room for it now · busy: another process holds the lock · broken: the disk or the file
 * cannot be relied on, and asking again may hide a loss (a failed fsync succeeds the second time)
 */
export type Fault = "full" | "busy" | "broken";

/** SQLite says FULL for ENOSPC, but for the file of its shared memory it has a code of its own. */
const FULL = /^SQLITE_(FULL|IOERR_SHMSIZE)$/;
const BROKEN = /^SQLITE_(IOERR|CORRUPT|NOTADB|CANTOPEN|READONLY|PROTOCOL)/;

/** @returns undefined for what is no fault of the storage: a constraint, a bug */
export function faultOf(error: unknown): Fault | undefined {
  if (!(error instanceof SqliteDatabase.SqliteError)) return undefined;
  if (FULL.test(error.code)) return "full";
  if (error.code.startsWith("SQLITE_BUSY")) return "busy";
  return BROKEN.test(error.code) ? "broken" : undefined;
}

export function isSqliteError(error: unknown, code: string): boolean {
  return error instanceof SqliteDatabase.SqliteError && error.code.startsWith(code);
}

export const storageFull = () =>
  new CallError(
    "storage_full",
    "The disk of the control plane's database is full, and nothing was changed. Ask again later; an operator must make room on it.",
    [],
    { retryAfterSeconds: 10 },
  );

export const storageBusy = () =>
  new CallError(
    "storage_busy",
    "Another process holds the database's lock, and nothing was changed. Ask again; an operator should end what has tartfleet.sqlite open if this goes on.",
    [],
    { retryAfterSeconds: 2 },
  );

/** Whether it is only for now that the store could not do it. */
export function passesByItself(error: unknown): boolean {
  return error instanceof CallError && (error.code === "storage_full" || error.code === "storage_busy");
}

/** What callers are told of a fault; a broken database's error stays what it is. */
export function toldOf(error: unknown): Error {
  const fault = faultOf(error);
  if (fault === "full") return storageFull();
  if (fault === "busy") return storageBusy();
  return error instanceof Error ? error : new Error(String(error));
}

/** What an operator reads when a database is broken. */
export function brokenDatabase(path: string, why: unknown): DatabaseUnusableError {
  const code = why instanceof SqliteDatabase.SqliteError ? ` (${why.code})` : "";
  return new DatabaseUnusableError(
    `The database ${path} cannot be relied on: ${messageOf(why)}${code}. Look at its disk. ` +
      `\`tartfleet-control-plane db check\` says what is whole, \`tartfleet-control-plane db restore FILE\` puts a backup in its place.`,
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
