import { webcrypto } from "node:crypto";
import { vi } from "vitest";
import type { Clock } from "../../../src/engine/clock.ts";

/** Turns of the event loop after which nobody can have anything left to do at the present moment. */
const STILL_TURNS = 3;

/**
 * Time that stands still while anybody works and then jumps to the next thing to come; the system's own date goes with
 * it. Half an hour of it costs what happens in it.
 */
export function startTime(startAt = 1_780_000_000_000) {
  let now = startAt;
  let order = 0;
  let busy = 0;
  const coming = new Set<{ at: number; order: number; call: () => void }>();
  vi.useFakeTimers({ toFake: ["Date"], now });

  const clock: Clock = {
    now: () => now,
    after(milliseconds, call) {
      const timer = { at: now + Math.max(0, milliseconds), order: (order += 1), call };
      coming.add(timer);
      return () => void coming.delete(timer);
    },
  };

  // Libraries wait too: octokit a second before it tries again with a token that is new.
  const clearReal = globalThis.clearTimeout;
  vi.stubGlobal("setTimeout", (call: (...args: unknown[]) => void, milliseconds = 0, ...args: unknown[]) => {
    const cancel = clock.after(milliseconds, () => call(...args));
    const timer = { cancel, ref: () => timer, unref: () => timer, hasRef: () => true };
    return timer;
  });
  vi.stubGlobal("clearTimeout", (timer: NodeJS.Timeout | { cancel(): void } | undefined) =>
    timer && "cancel" in timer ? timer.cancel() : clearReal(timer),
  );

  async function during<T>(work: () => Promise<T>): Promise<T> {
    busy += 1;
    try {
      return await work();
    } finally {
      busy -= 1;
    }
  }

  // Signatures are made by threads, which turns of the event loop do not wait for.
  const sign = webcrypto.subtle.sign.bind(webcrypto.subtle);
  const signing = vi
    .spyOn(webcrypto.subtle, "sign")
    .mockImplementation((...args: Parameters<typeof sign>) => during(() => sign(...args)));

  async function still(): Promise<void> {
    for (let turn = 0; turn < STILL_TURNS; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (busy > 0) turn = 0;
    }
  }

  /** Goes to the next thing to come and lets it happen; false when nothing comes before the limit. */
  async function step(limit: number): Promise<boolean> {
    let next: { at: number; order: number; call: () => void } | undefined;
    for (const timer of coming) {
      if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    if (!next || next.at > limit) return false;
    coming.delete(next);
    if (next.at > now) vi.setSystemTime((now = next.at));
    next.call();
    await still();
    return true;
  }

  const time = {
    ...clock,
    clock,
    sleep: (milliseconds: number) =>
      new Promise<void>((resolve) => void clock.after(milliseconds, () => resolve())),
    /** A signal that aborts after so long. */
    timeout(milliseconds: number): AbortSignal {
      const over = new AbortController();
      clock.after(milliseconds, () => over.abort());
      return over.signal;
    },
    /** Time stands still until that is done. */
    during,
    async pass(milliseconds: number): Promise<void> {
      const limit = now + milliseconds;
      await still();
      while (await step(limit));
      vi.setSystemTime((now = limit));
    },
    /** Lets time pass until it holds. @throws when it does not within so long */
    async until(what: string, holds: () => boolean, milliseconds = 7_200_000): Promise<void> {
      const limit = now + milliseconds;
      await still();
      while (!holds()) {
        if (!(await step(limit)))
          throw new Error(`not within ${milliseconds / 60_000} virtual minutes: ${what}`);
      }
    },
    close(): void {
      coming.clear();
      signing.mockRestore();
      vi.unstubAllGlobals();
      vi.useRealTimers();
    },
  };
  return time;
}

export type Time = ReturnType<typeof startTime>;
