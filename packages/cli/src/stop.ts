import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What makes a long wait end early: a signal to the process, or the time that was given for it. */
export interface Stop {
  signal: AbortSignal;
  cause: () => "timeout" | (typeof SIGNALS)[number] | undefined;
}

interface StopOptions {
  timeoutSeconds: number | undefined;
  /** Whether signals are caught at all. */
  interrupts: boolean;
}

/**
 * Runs something that may take long. The first signal aborts it, so that the command can say what becomes of
 * its VM; a second one ends the process at once.
 */
export async function withStop<T>(
  { timeoutSeconds, interrupts }: StopOptions,
  run: (stop: Stop) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let cause: ReturnType<Stop["cause"]>;
  const stop = (why: NonNullable<typeof cause>) => {
    cause ??= why;
    controller.abort();
  };
  const onSignal = (signal: (typeof SIGNALS)[number]) => {
    if (cause !== undefined && cause !== "timeout") process.exit(exitCodeOf(signal));
    stop(signal);
  };
  if (interrupts) for (const signal of SIGNALS) process.on(signal, onSignal);
  const timer =
    timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => stop("timeout"), Math.min(timeoutSeconds * 1000, LONGEST_TIMER_MS));
  try {
    return await run({ signal: controller.signal, cause: () => cause });
  } finally {
    clearTimeout(timer);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

/** Does what ends with a rejection when the signal aborts, as it is meant to. */
export async function untilAborted(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** As shells show a process that a signal ended. */
export function exitCodeOf(signal: (typeof SIGNALS)[number]): number {
  return 128 + constants.signals[signal];
}
