import { randomUUID } from "node:crypto";
import { existsSync, linkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import SqliteDatabase from "better-sqlite3";
import { eq, sql } from "drizzle-orm";
import { applyEvent } from "./apply.ts";
import { damageOf } from "./check.ts";
import { openCopy, type Database } from "./database.ts";
import { DatabaseUnusableError, messageOf } from "./faults.ts";
import { databaseIn, lockDataDir, moveInto } from "./files.ts";
import { atomically } from "./group-commit.ts";
import { schemaState } from "./migrate.ts";
import { hosts, meta, vms } from "./schema.ts";

/** Between a backup and its restore no host opens more sessions. */
const EPOCHS = 1_000_000;

/**
 * Copies a database, also while a control plane writes to it, and gives the copy its name when it was read
 * back and found whole. Mode 0600.
 *
 * @throws DatabaseUnusableError when there is no database or the copy is not whole
 */
export async function backUp(source: string, target: string): Promise<void> {
  const making = `${target}.making`;
  try {
    await copyWhole(source, making);
    moveInto(making, target);
  } catch (error) {
    removeFile(making);
    throw error;
  }
}

async function copyWhole(source: string, target: string): Promise<void> {
  removeFile(target);
  let from: SqliteDatabase.Database | undefined;
  let copy: SqliteDatabase.Database | undefined;
  try {
    from = new SqliteDatabase(source, { readonly: true, fileMustExist: true });
    writeFileSync(target, "", { mode: 0o600 });
    // All pages in one go: a write in between makes SQLite begin anew, and readers hold nobody up.
    await from.backup(target, { progress: () => 2 ** 31 - 1 });
    copy = new SqliteDatabase(target);
    // One file, without a log beside it.
    copy.pragma("journal_mode = DELETE");
    const [damage] = damageOf(copy, "integrity_check");
    if (damage !== undefined) throw new Error(damage);
    if (schemaState(copy).applied === 0) throw new Error("it is not a database of tartfleet");
  } catch (error) {
    throw new DatabaseUnusableError(
      `The database ${source} cannot be copied to ${target}: ${messageOf(error)}`,
    );
  } finally {
    copy?.close();
    from?.close();
  }
}

/** What became of a restore. */
export interface Restored {
  /** Where the database that was there is now. */
  replaced: string | undefined;
  logId: string;
  /** VMs that waited in the backup and were ended. */
  ended: number;
}

/**
 * Puts a backup in the place of a data directory's database, which is kept beside it. Agents and sessions take
 * the restored one for another: it has a log id of its own, and epochs that no session ever had.
 *
 * What the lost hours brought cannot be known: a VM that waited in the backup may have run since. Its runner's
 * credential must not be used twice, so it is ended; one that was being brought up gets no other attempt.
 *
 * @param now milliseconds since 1970
 * @throws DatabaseUnusableError when a control plane runs on the directory, or the backup is not whole
 */
export async function restore(dataDir: string, backup: string, now: number): Promise<Restored> {
  const unlock = lockDataDir(dataDir);
  const place = databaseIn(dataDir);
  const making = `${place}.restoring`;
  try {
    await copyWhole(backup, making);
    const database = openCopy(making);
    let renewed: Pick<Restored, "logId" | "ended">;
    try {
      renewed = renew(database, now);
    } finally {
      database.close();
    }
    const replaced = existsSync(place) ? putAside(place, now) : undefined;
    moveInto(making, place);
    return { ...renewed, replaced };
  } catch (error) {
    removeFile(making);
    throw error;
  } finally {
    unlock();
  }
}

function renew({ db }: Database, now: number): Pick<Restored, "logId" | "ended"> {
  const logId = randomUUID();
  return atomically(db, () => {
    for (const [key, value] of [
      ["log_id", logId],
      ["restored_at", String(now)],
    ] as const) {
      db.insert(meta).values({ key, value }).onConflictDoUpdate({ target: meta.key, set: { value } }).run();
    }
    db.update(hosts)
      .set({ epoch: sql`${hosts.epoch} + ${EPOCHS}` })
      .run();
    const waiting = db.select({ id: vms.id }).from(vms).where(eq(vms.state, "queued")).all();
    const by = "The restore of a backup (whether the VM ran meanwhile cannot be known)";
    for (const { id } of waiting) applyEvent(db, id, { kind: "end_requested", by }, { now, budgets: NONE });
    return { logId, ended: waiting.length };
  });
}

const NONE = {
  phase: { assigned: 0, pulling: 0, cloning: 0, booting: 0, provisioning: 0 },
  stopping: 0,
  hookGrace: 0,
  exitSettle: 0,
  maxAttempts: 0,
};

/** @returns where it is now; it stays in its place as well, until that is taken */
function putAside(place: string, now: number): string {
  const aside = `${place}.replaced-${new Date(now).toISOString().replaceAll(/[:.]/g, "-")}`;
  try {
    // A whole one takes in what its log holds; a damaged one keeps its log, under its new name.
    new SqliteDatabase(place, { fileMustExist: true }).close();
  } catch {
    // It is damaged.
  }
  for (const suffix of ["-wal", "-shm"]) {
    if (existsSync(place + suffix)) renameSync(place + suffix, aside + suffix);
  }
  linkSync(place, aside);
  return aside;
}

function removeFile(path: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(path + suffix, { force: true });
}
