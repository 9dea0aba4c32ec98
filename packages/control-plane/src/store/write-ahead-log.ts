import { closeSync, fdatasync, openSync } from "node:fs";

/**
 * The write-ahead log of a database, to be made durable without SQLite: with `synchronous=FULL` it would do that itself
 * at every commit, and the event loop would stand still meanwhile. With `NORMAL` a commit is in the log in one piece or
 * not at all, and SQLite syncs before a checkpoint (https://www.sqlite.org/pragma.html#pragma_synchronous); what is
 * lost when the power fails is what was committed since the last sync.
 *
 * @param file of the database; its connection is open and stays so, else SQLite would remove the log
 */
export function openWriteAheadLog(file: string) {
  let fd: number | undefined;
  let isSyncing = false;
  let isClosed = false;
  const close = () => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  return {
    /** @see Database.sync */
    sync(done: (error: Error | null) => void): void {
      try {
        fd ??= openSync(`${file}-wal`, "r+");
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      isSyncing = true;
      fdatasync(fd, (error) => {
        isSyncing = false;
        if (isClosed) close();
        else done(error);
      });
    },
    /** Nobody is called back any more. */
    close(): void {
      isClosed = true;
      if (!isSyncing) close();
    },
  };
}
