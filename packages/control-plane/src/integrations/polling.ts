import type { Clock } from "../engine/clock.ts";
import { every } from "../engine/stalls.ts";
import type { CiLog } from "./log.ts";

/** What a CI system said the last time, and when it was asked. */
export interface Heard<T> {
  said: T;
  askedAt: number;
}

export interface Polling<T> {
  /** Undefined while it is not known: before the first answer, and from a failure until the next answer. */
  heard(): Heard<T> | undefined;
  stop(): void;
}

/** Asks a CI system again and again, never twice at once. What goes wrong is told of once, until it is right again. */
export function startPolling<T>(
  ask: () => Promise<T>,
  {
    system,
    ms,
    clock,
    log,
    onTried,
  }: { system: string; ms: number; clock: Clock; log: CiLog; onTried(ok: boolean): void },
): Polling<T> {
  let heard: Heard<T> | undefined;
  let isAsking = false;
  let isFailing = false;
  let isStopped = false;

  async function poll(): Promise<void> {
    if (isAsking || isStopped) return;
    isAsking = true;
    const askedAt = clock.now();
    try {
      const said = await ask();
      if (isStopped) return;
      heard = { said, askedAt };
      if (isFailing) log.info({ system }, "it answers again");
      isFailing = false;
      onTried(true);
    } catch (error) {
      if (isStopped) return;
      heard = undefined;
      if (!isFailing)
        log.warn(
          { system, why: error instanceof Error ? error.message : String(error) },
          "it cannot be asked",
        );
      isFailing = true;
      onTried(false);
    } finally {
      isAsking = false;
    }
  }

  const ticking = every(clock, ms, () => void poll());
  void poll();
  return {
    heard: () => heard,
    stop() {
      isStopped = true;
      ticking.stop();
    },
  };
}
