import type SqliteDatabase from "better-sqlite3";
import { messageOf } from "./faults.ts";

/**
 * What is wrong with a database's pages; nothing when it is whole.
 *
 * @param how `quick_check` reads every page, `integrity_check` compares indexes with their tables as well
 */
export function damageOf(
  sqlite: SqliteDatabase.Database,
  how: "quick_check" | "integrity_check",
): readonly string[] {
  try {
    const told = sqlite.prepare(`pragma ${how}(10)`).pluck().all();
    // SQLite tells of a page on a line of its own.
    const found = told.map((line) => String(line).replaceAll("\n", " "));
    return found.length === 1 && found[0] === "ok" ? [] : found;
  } catch (error) {
    return [messageOf(error)];
  }
}

/** How many rows point at rows that are not there. */
export function danglingRows(sqlite: SqliteDatabase.Database): number {
  return sqlite.prepare("pragma foreign_key_check").all().length;
}
