import type { Clock } from "../engine/clock.ts";
import type { CiLog } from "./log.ts";
import { messageOf } from "./message-of.ts";

const POLL_MS = 10_000;
const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** A CI system that did not answer as it should. The message says what, and what to do where that is known. */
export class CiError extends Error {
  /** It wants to be left alone for so long. */
  readonly restMs: number;

  constructor(message: string, restMs = 0) {
    super(message);
    this.restMs = restMs;
  }
}

export interface Answer<T> {
  said: T;
  /** The system wants to be asked again so much later at the earliest. */
  restMs?: number;
}

/** What a CI system said, and when it was asked. */
export interface Heard<T> {
  said: T;
  askedAt: number;
}

export interface Poll<T> {
  /** What it said last; undefined before the first answer. */
  newest(): Heard<T> | undefined;
  /** The same, but undefined from a failure until the next answer. */
  heard(): Heard<T> | undefined;
  stop(): void;
}

/**
 * Asks a CI system again and again, never twice at once, and less often while it fails. What goes wrong is told of
 * once, until it is right again.
 *
 * @param ask throws CiError, or whatever fetch throws
 */
export function startPoll<T>(
  ask: (signal: AbortSignal) => Promise<Answer<T>>,
  {
    title,
    runners,
    clock,
    log,
    onTried,
  }: {
    /** The CI system's name, for people. */
    title: string;
    /** The definitions that it is asked for. */
    runners: readonly string[];
    clock: Clock;
    log: CiLog;
    onTried(ok: boolean): void;
  },
): Poll<T> {
  const stopped = new AbortController();
  let newest: Heard<T> | undefined;
  let failures = 0;
  let told: string | undefined;

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) await pause(await poll());
  }

  /** @returns how long to wait for the next */
  async function poll(): Promise<number> {
    const askedAt = clock.now();
    const tooLong = new AbortController();
    const cancel = clock.after(PATIENCE_MS, () => tooLong.abort(new CiError(`${title} does not answer`)));
    try {
      const { said, restMs = 0 } = await ask(AbortSignal.any([stopped.signal, tooLong.signal]));
      if (stopped.signal.aborted) return 0;
      newest = { said, askedAt };
      if (told !== undefined) log.info({ runners }, `${title} answers again`);
      failures = 0;
      told = undefined;
      onTried(true);
      return Math.max(POLL_MS, restMs);
    } catch (error) {
      if (stopped.signal.aborted) return 0;
      failures += 1;
      const why = messageOf(error);
      if (why !== told) log.warn({ runners, why }, `${title} cannot be asked for its queues`);
      told = why;
      onTried(false);
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10));
      return Math.max(pauseMs, error instanceof CiError ? error.restMs : 0);
    } finally {
      cancel();
    }
  }

  function pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(ms, resolve);
    stopped.signal.addEventListener("abort", () => (cancel(), resolve()), { once: true });
    return promise;
  }

  void run();
  return {
    newest: () => newest,
    heard: () => (failures === 0 ? newest : undefined),
    stop: () => stopped.abort(new Error("the control plane is stopping")),
  };
}
