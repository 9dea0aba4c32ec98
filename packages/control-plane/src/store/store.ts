import type { Database } from "./database.ts";
import { makeGroupCommit, type Defer } from "./group-commit.ts";
import { makeHostStore } from "./hosts.ts";
import { makeTokenStore } from "./tokens.ts";
import { makeVmStore } from "./vms.ts";

/**
 * The store speaks in intents: each is one atomic step, and its promise resolves when the step is durable.
 * Nothing outside this folder knows that it is SQLite.
 *
 * @param defer ends the gathering of a group of steps; by default the present turn of the event loop does
 */
export function makeStore(database: Database, defer: Defer = setImmediate) {
  const commit = makeGroupCommit(database.db, defer);
  return {
    logId: database.logId,
    ...makeVmStore(database.db, commit),
    ...makeHostStore(database, commit),
    ...makeTokenStore(database.db, commit),
  };
}

export type Store = ReturnType<typeof makeStore>;
