import type { Db } from "./database.ts";

/** What a step works on: the same queries as the database's, inside the group's transaction. */
export type Tx = Parameters<Parameters<Db["transaction"]>[0]>[0];

/** Runs a step atomically; the promise settles when the step is durable, or when it failed and left nothing. */
export type Commit = <T>(step: (tx: Tx) => T) => Promise<T>;

/** Calls back once, soon: what is waiting by then is one group. */
export type Defer = (call: () => void) => void;

/**
 * Gathers the steps that arrive in one turn of the event loop into one transaction, each in a savepoint of
 * its own: durable (`synchronous=FULL`) and quick, since they share one fsync.
 */
export function makeGroupCommit(db: Db, defer: Defer): Commit {
  let waiting: ((tx: Tx) => () => void)[] = [];

  function flush(): void {
    const group = waiting;
    waiting = [];
    let settle: (() => void)[] = [];
    try {
      db.transaction(
        (tx) => {
          settle = group.map((run) => run(tx));
        },
        { behavior: "immediate" },
      );
    } catch (error) {
      for (const run of group) failures.get(run)?.(error);
      return;
    }
    for (const tell of settle) tell();
  }

  const failures = new WeakMap<(tx: Tx) => () => void, (error: unknown) => void>();

  return <T>(step: (tx: Tx) => T) =>
    new Promise<T>((resolve, reject) => {
      const run = (tx: Tx) => {
        try {
          const value = tx.transaction(step);
          return () => resolve(value);
        } catch (error) {
          return () => reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      failures.set(run, reject);
      waiting.push(run);
      if (waiting.length === 1) defer(flush);
    });
}
