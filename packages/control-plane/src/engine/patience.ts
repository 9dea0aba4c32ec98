import { passesByItself } from "../store/faults.ts";
import type { Clock } from "./clock.ts";

/** For what nobody waits for and what must be done all the same, however long the store cannot take it. */
export interface Patience {
  /** Does it, and again after a pause for as long as the store is full or busy; any other error is fatal. */
  keepTrying(task: () => Promise<void> | void): void;
  /** Does it once: what the store cannot take now is not done. Any other error is fatal. */
  tryOnce(task: () => Promise<void>): void;
  /** Gives up what is not done yet; the next start finds it again. */
  stop(): void;
}

const PAUSE_MS = 1000;

export function makePatience(clock: Clock, onFatal: (error: unknown) => void): Patience {
  const pauses = new Set<() => void>();
  let isStopped = false;

  async function attempt(task: () => Promise<void> | void): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (isStopped) return;
      if (!passesByItself(error)) {
        onFatal(error);
        return;
      }
      const cancel = clock.after(PAUSE_MS, () => {
        pauses.delete(cancel);
        void attempt(task);
      });
      pauses.add(cancel);
    }
  }

  return {
    keepTrying: (task) => void attempt(task),
    tryOnce(task) {
      task().catch((error: unknown) => {
        if (!isStopped && !passesByItself(error)) onFatal(error);
      });
    },
    stop() {
      isStopped = true;
      for (const cancel of pauses) cancel();
      pauses.clear();
    },
  };
}
