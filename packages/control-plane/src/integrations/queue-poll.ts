import type { Counted, QueueCount } from "../domain/queue-count.ts";
import type { Clock } from "../engine/clock.ts";
import type { CiLog } from "./log.ts";
import type { VmDefinition } from "./vm-definition.ts";

const POLL_MS = 10_000;
/** An answer may be as old when it comes. */
const STALE_MS = 10_000;
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

/** What is asked in one go, with one credential. What fails of one leaves the others alone. */
export interface Source<D extends Pick<VmDefinition, "name">> {
  definitions: readonly D[];
  /** @throws CiError, or whatever fetch throws */
  count(signal: AbortSignal): Promise<QueueAnswer>;
}

export interface QueueAnswer {
  /** By the definition's name; of one that is missing nothing is known. */
  counts: ReadonlyMap<string, QueueCount>;
  /** The system wants to be asked again so much later at the earliest. */
  restMs?: number;
}

export interface QueuePoll {
  /** The newest count; undefined before the first. */
  counted(definition: string): Counted | undefined;
  /** False before the first answer, and while none comes. */
  isHeard(definition: string): boolean;
  stop(): void;
}

/** Asks for the counts of a source's queues, again and again. */
export function startQueuePoll(
  { definitions, count }: Source<Pick<VmDefinition, "name">>,
  {
    title,
    clock,
    log,
    onCounted,
    onTried,
  }: {
    /** The CI system's name, for people. */
    title: string;
    clock: Clock;
    log: CiLog;
    onCounted(): void;
    onTried(definition: string, ok: boolean): void;
  },
): QueuePoll {
  const stopped = new AbortController();
  const newest = new Map<string, Counted>();
  const names = definitions.map(({ name }) => name);
  let failures = 0;
  let told: string | undefined;

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) await pause(await poll());
  }

  /** @returns how long to wait for the next */
  async function poll(): Promise<number> {
    const at = clock.now() - STALE_MS;
    const tooLong = new AbortController();
    const cancel = clock.after(PATIENCE_MS, () => tooLong.abort(new CiError(`${title} does not answer`)));
    try {
      const { counts, restMs = 0 } = await count(AbortSignal.any([stopped.signal, tooLong.signal]));
      for (const name of names) {
        const counted = counts.get(name);
        if (counted) newest.set(name, { ...counted, at });
        else newest.delete(name);
      }
      if (told !== undefined) log.info({ runners: names }, `${title} answers again`);
      failures = 0;
      told = undefined;
      tried(true);
      onCounted();
      return Math.max(POLL_MS, restMs);
    } catch (error) {
      if (stopped.signal.aborted) return 0;
      failures += 1;
      const why = error instanceof Error ? error.message : String(error);
      if (why !== told) log.warn({ runners: names, why }, `${title} cannot be asked for its queues`);
      told = why;
      tried(false);
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10));
      return Math.max(pauseMs, error instanceof CiError ? error.restMs : 0);
    } finally {
      cancel();
    }
  }

  function tried(ok: boolean): void {
    for (const name of names) onTried(name, ok);
  }

  function pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(ms, resolve);
    stopped.signal.addEventListener("abort", () => (cancel(), resolve()), { once: true });
    return promise;
  }

  void run();
  return {
    counted: (name) => newest.get(name),
    isHeard: (name) => failures === 0 && newest.has(name),
    stop: () => stopped.abort(new Error("the control plane is stopping")),
  };
}
