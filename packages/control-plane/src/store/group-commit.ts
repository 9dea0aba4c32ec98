import type { Database, Db } from "./database.ts";
import { brokenDatabase, faultOf, storageBusy, storageFull, toldOf } from "./faults.ts";

/** What a step works on: the database, inside the group's transaction; there is but one connection. */
export type Tx = Db;

/** All of it or nothing: within a step, in a savepoint of its own. */
export function atomically<T>(tx: Tx, act: () => T): T {
  return tx.$client.transaction(act)();
}

/** A step of a group has failed, and may have written something. */
class StepFailed extends Error {}

/** Runs a step atomically; the promise settles when the step is durable, or when it failed and left nothing. */
export type Commit = <T>(step: (tx: Tx) => T) => Promise<T>;

/** Calls back once, soon: what is waiting by then is one group. */
export type Defer = (call: () => void) => void;

export interface CommitOptions {
  /** Ends the gathering of a group; by default the present turn of the event loop does. */
  defer?: Defer | undefined;
  /** Calls back once after the milliseconds. */
  after?: ((milliseconds: number, call: () => void) => unknown) | undefined;
  /** A group became durable, and its steps were told of. */
  onDurable?: (() => void) | undefined;
  /** The database cannot be relied on any more: nothing may be asked of it again by this process. */
  onBroken?: ((error: Error) => void) | undefined;
}

/** Each try stands still for at most the busy timeout; between two the event loop has time for others. */
const BUSY_PAUSE_MS = 200;
const BUSY_TRIES = 20;
/** As SQLite's own automatic checkpoint, about 4 MiB. */
const CHECKPOINT_PAGES = 1000;
/** After so many steps it is looked how long the log is: each writes some twenty pages, and to look is not for nothing. */
const LOOK_AFTER_STEPS = 32;

/** Whether each step's writes are kept apart, so that it can be taken back by itself. */
type Mode = "together" | "apart";

interface Waiting {
  /**
   * Runs the step, and returns how to tell of it once the group is durable.
   *
   * @throws StepFailed when it failed and nothing keeps its writes apart
   */
  run(tx: Tx, mode: Mode): () => void;
  fail(error: Error): void;
  tries: number;
}

/**
 * Gathers the steps that arrive in one turn of the event loop, or while the group before them is on its way to the
 * disk, into one transaction: durable and quick, since they share one fsync, for which the event loop does not wait.
 * Steps are told of when their group is durable, in the order in which they were asked for, also when another process
 * holds the lock for a while and a group must wait. Whoever reads meanwhile sees a group that is not durable yet. Of a
 * step that fails nothing is left, and the
 * others are as if it had not been: the group is run again, each step in a savepoint of its own. They are seldom
 * needed and cost as much as all that a step writes, since SQLite copies each page that one changes.
 * A step may be run more than once before it is durable, so it must do nothing but work on `tx`.
 */
export function makeGroupCommit(
  { db, path, reserve, sync }: Pick<Database, "db" | "path" | "reserve" | "sync">,
  {
    defer = setImmediate,
    after = (milliseconds, call) => setTimeout(call, milliseconds),
    onDurable,
    onBroken,
  }: CommitOptions = {},
): Commit {
  let waiting: Waiting[] = [];
  let isUnderWay = false;
  let stepsSinceLook = 0;
  let broken: Error | undefined;

  function flush(): void {
    const group = waiting;
    waiting = [];
    let tell: (() => void)[];
    try {
      tell = runGroup(group);
    } catch (error) {
      onFailure(group, error);
      return;
    }
    sync((error) => {
      if (error) {
        giveUp(group, error);
        return;
      }
      for (const settle of tell) settle();
      onDurable?.();
      stepsSinceLook += group.length;
      if (stepsSinceLook >= LOOK_AFTER_STEPS) checkpoint();
      goOn();
    });
  }

  /** What came meanwhile, and what those who were told ask for at once, is the next group. */
  function goOn(): void {
    isUnderWay = waiting.length > 0;
    if (isUnderWay) defer(flush);
  }

  function runGroup(group: readonly Waiting[]): (() => void)[] {
    const run = (mode: Mode) =>
      db.transaction(() => group.map((step) => step.run(db, mode)), { behavior: "immediate" });
    try {
      return run("together");
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      return run("apart");
    }
  }

  function onFailure(group: Waiting[], error: unknown): void {
    switch (faultOf(error)) {
      case "full":
        if (reserve.release()) {
          waiting = [...group, ...waiting];
          flush();
          return;
        }
        for (const step of group) step.fail(storageFull());
        break;
      case "busy": {
        for (const step of group) step.tries += 1;
        for (const step of group) if (step.tries >= BUSY_TRIES) step.fail(storageBusy());
        const again = group.filter(({ tries }) => tries < BUSY_TRIES);
        if (again.length === 0) break;
        waiting = [...again, ...waiting];
        after(BUSY_PAUSE_MS, flush);
        return;
      }
      case "broken":
        giveUp(group, error);
        return;
      case undefined:
        for (const step of group) step.fail(toldOf(error));
    }
    goOn();
  }

  function giveUp(group: readonly Waiting[], error: unknown): void {
    const reason = stop(error);
    for (const step of [...group, ...waiting]) step.fail(reason);
    waiting = [];
  }

  function stop(error: unknown): Error {
    broken = brokenDatabase(path, error);
    onBroken?.(broken);
    return broken;
  }

  /** SQLite's own checkpoints swallow their errors: a page that never reached the disk would not be noticed. */
  function checkpoint(): void {
    stepsSinceLook = 0;
    try {
      if (walFrames(db, "noop") >= CHECKPOINT_PAGES) walFrames(db, "passive");
    } catch (error) {
      const fault = faultOf(error);
      if (fault === "full") reserve.release();
      else if (fault !== "busy") stop(error);
    }
  }

  return <T>(step: (tx: Tx) => T) => {
    if (broken) return Promise.reject(broken);
    return new Promise<T>((resolve, reject) => {
      waiting.push({
        run: (tx, mode) => runStep(tx, step, mode, { resolve, reject }),
        fail: reject,
        tries: 0,
      });
      if (!isUnderWay) goOn();
    });
  };
}

function runStep<T>(
  tx: Tx,
  step: (tx: Tx) => T,
  mode: Mode,
  { resolve, reject }: { resolve(value: T): void; reject(error: Error): void },
): () => void {
  const thrown: unknown[] = [];
  const noting = () => {
    try {
      return step(tx);
    } catch (error) {
      thrown.push(error);
      throw error;
    }
  };
  try {
    const value = mode === "apart" ? atomically(tx, noting) : noting();
    return () => resolve(value);
  } catch (error) {
    thrown.push(error);
    // After such an error SQLite may have rolled back by itself, the steps before this one too.
    const fault = thrown.find((each) => faultOf(each) !== undefined);
    if (fault !== undefined) throw fault;
    if (mode === "together") throw new StepFailed();
    const [reason] = thrown;
    return () => reject(reason instanceof Error ? reason : new Error(String(reason)));
  }
}

/** @returns how many frames of the write-ahead log are not in the database itself yet */
function walFrames(db: Db, mode: "noop" | "passive"): number {
  const row = db.$client
    .prepare<[], { log: number; checkpointed: number }>(`pragma wal_checkpoint(${mode})`)
    .get();
  return row ? row.log - row.checkpointed : 0;
}
