import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "../cli-error.ts";

const FIRST_DELAY_MS = 400;
const LONGEST_DELAY_MS = 10_000;

interface PatienceOptions {
  /** For how long the control plane may be gone once it has answered. */
  limitMs: number;
  now: () => number;
  /** From 0 up to 1. */
  random: () => number;
  signal: AbortSignal;
  /** Told once when it is gone and once when it is back. */
  onLost: (error: CliError) => void;
  onBack: () => void;
}

/**
 * How a long wait lives through restarts of the control plane and drops of the network. What fails before
 * the first answer is a mistake (a wrong URL), not an outage: it is thrown at once.
 */
export function makePatience({ limitMs, now, random, signal, onLost, onBack }: PatienceOptions) {
  let answered = false;
  let failures = 0;
  let lostAt: number | undefined;

  const pause = () => {
    const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures) * (0.5 + random() / 2);
    failures = Math.min(failures + 1, 16);
    return sleep(delay, undefined, { signal });
  };

  return {
    /** The control plane answered. */
    answered(): void {
      answered = true;
      if (lostAt !== undefined) onBack();
      lostAt = undefined;
    },
    /** It sent something new: the next failure is the first again. */
    progressed(): void {
      failures = 0;
    },
    /** Waits before the next try after something harmless, like a stream that a proxy closed. */
    pause,
    /** Waits before the next try, or throws the failure: it will not pass, or has lasted for too long. */
    async failed(error: unknown): Promise<void> {
      if (!answered || signal.aborted || !(error instanceof CliError) || !error.facts.transient) throw error;
      if (lostAt === undefined) {
        lostAt = now();
        onLost(error);
      }
      if (now() - lostAt >= limitMs) throw error;
      await pause();
    },
  };
}

export type Patience = ReturnType<typeof makePatience>;
