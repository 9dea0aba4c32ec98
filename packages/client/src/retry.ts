import pRetry from "p-retry";
import { TartfleetError } from "./error.ts";
import type { Outage } from "./outage.ts";

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;

export interface RetryOptions {
  /** For how long after its first failure something is tried again. */
  forMs: number;
  signal?: AbortSignal | undefined;
  outage: Outage;
  /** Whether that call is to be sent again after that failure. */
  mayRepeat?: (error: TartfleetError) => boolean;
}

/**
 * Does what may be done twice again and again while it fails for reasons that pass, further and further apart, and
 * never before Retry-After. When it would have to wait beyond its time, it gives up at once with the last failure.
 */
export async function retry<T>(
  work: () => Promise<T>,
  { forMs, signal, outage, mayRepeat }: RetryOptions,
): Promise<T> {
  let failedAt: number | undefined;
  return pRetry(work, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: FIRST_DELAY_MS,
    maxTimeout: LONGEST_DELAY_MS,
    randomize: true,
    ...(signal ? { signal } : {}),
    shouldRetry: async ({ error, retryDelay }) => {
      if (!(error instanceof TartfleetError) || !error.isTransient) return false;
      if (mayRepeat?.(error) === false) return false;
      failedAt ??= Date.now();
      const askedFor = (error.retryAfterSeconds ?? 0) * 1000;
      const delay = Math.max(askedFor, retryDelay);
      if (Date.now() - failedAt + delay > forMs) return false;
      if (!outage.failed(error)) return false;
      await pause(delay - retryDelay, signal);
      return true;
    },
  });
}

/** Resolves after that time; rejects with the signal's reason. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (milliseconds <= 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
