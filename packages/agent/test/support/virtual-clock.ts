import { setImmediate as settled } from "node:timers/promises";
import type { Clock } from "../../src/clock.ts";

/** Time that passes only when told to; timers fire in order, and what they cause is awaited in between. */
export interface VirtualClock extends Clock {
  /** Lets this much time pass. */
  advance(ms: number): Promise<void>;
  /** Lets time pass until the condition holds; fails after `limitMs` of virtual time. */
  until(what: string, condition: () => boolean, limitMs?: number): Promise<void>;
}

const START = Date.UTC(2026, 10, 22);

export function createVirtualClock(): VirtualClock {
  let now = 0;
  let order = 0;
  const timers = new Set<{ at: number; order: number; callback: () => void }>();

  async function step(limit: number): Promise<boolean> {
    await settled();
    const next = [...timers].sort((a, b) => a.at - b.at || a.order - b.order)[0];
    if (!next || next.at > limit) return false;
    timers.delete(next);
    now = Math.max(now, next.at);
    next.callback();
    await settled();
    return true;
  }

  return {
    now: () => now,
    wallTime: () => START + now,
    after(ms, callback) {
      order += 1;
      const timer = { at: now + Math.max(0, ms), order, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const end = now + ms;
      while (await step(end));
      now = end;
      await settled();
    },
    async until(what, condition, limitMs = 3_600_000) {
      const end = now + limitMs;
      await settled();
      while (!condition()) {
        if (!(await step(end))) throw new Error(`${what} did not come about within ${limitMs} ms`);
      }
    },
  };
}
