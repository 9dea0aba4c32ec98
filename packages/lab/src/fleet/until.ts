import { setTimeout as wait } from "node:timers/promises";

const PAUSE_MS = 50;

/** How long anything in the lab may take before it counts as broken. */
export const DEADLINE_MS = 60_000;

export interface UntilOptions {
  /** Milliseconds; far more than it should ever take. */
  deadlineMs?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Asks again until there is an answer. For conditions that nobody announces; where there is an event, await it.
 *
 * @param what said in the error, as the end of "gave up waiting for …"
 * @param probe undefined, false or null mean "not yet"; an error it throws ends the wait
 * @throws when the deadline passes or the signal aborts
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T> | T,
  { deadlineMs = DEADLINE_MS, signal }: UntilOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await probe();
    if (isAnswer(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`gave up waiting for ${what} after ${deadlineMs} ms`);
    await wait(PAUSE_MS, undefined, signal === undefined ? {} : { signal });
  }
}

function isAnswer<T>(answer: T): answer is Exclude<T, undefined | null | false> {
  return answer !== undefined && answer !== null && answer !== false;
}
