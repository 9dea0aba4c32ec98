import SqliteDatabase from "better-sqlite3";
import type { Database } from "../../src/store/database.ts";

/** A database whose transactions can be made to fail as a disk would make them, before anything is written. */
export function sicken(database: Database) {
  const client = database.db.$client;
  const transaction = client.transaction.bind(client);
  let code: string | undefined;
  let tries = 0;
  const fail = () => {
    tries += 1;
    if (code !== undefined) throw new SqliteDatabase.SqliteError(`as if ${code}`, code);
  };
  client.transaction = ((run: (...args: unknown[]) => unknown) => {
    const real = transaction(run);
    // Groups begin as immediate ones; the savepoints of their steps are not the disk's business.
    const immediate = (...args: unknown[]) => {
      fail();
      return real.immediate(...args);
    };
    return Object.assign((...args: unknown[]) => real(...args), { immediate });
  }) as unknown as typeof client.transaction;
  return {
    /** From now on every group of steps fails with this. */
    with: (next: string) => {
      code = next;
    },
    cure: () => {
      code = undefined;
    },
    /** How often a group was tried. */
    tries: () => tries,
  };
}
