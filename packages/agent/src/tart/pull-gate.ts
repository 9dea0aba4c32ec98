/**
 * Any tart command but `pull` and `clone` deletes what an interrupted pull left behind (tart-contract §5.2). The
 * gate keeps this agent's other commands back between a failed pull and the moment its repetition owns the
 * partial data again, and lets them pass while a pull is under way.
 */
export interface PullGate {
  /** Resolves when a command that collects garbage may start. */
  pass(): Promise<void>;
  /** Closes the gate; the returned function opens it, as does time. */
  close(maxMs: number): () => void;
}

export function makePullGate(): PullGate {
  const closed = new Set<Promise<void>>();
  return {
    async pass() {
      while (closed.size > 0) await Promise.all(closed);
    },
    close(maxMs) {
      const opened = Promise.withResolvers<void>();
      closed.add(opened.promise);
      const open = () => {
        clearTimeout(timer);
        closed.delete(opened.promise);
        opened.resolve();
      };
      const timer = setTimeout(open, maxMs);
      return open;
    },
  };
}

/** Lets one task run at a time, in the order of asking. A task that is aborted while it waits is never run. */
export function makeQueue() {
  let last: Promise<unknown> = Promise.resolve();
  return async function inTurn<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T | "aborted"> {
    const mine = Promise.withResolvers<void>();
    const before = last;
    last = before.then(() => mine.promise);
    try {
      await Promise.race([before, aborted(signal)]);
      return signal.aborted ? "aborted" : await task();
    } finally {
      mine.resolve();
    }
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
