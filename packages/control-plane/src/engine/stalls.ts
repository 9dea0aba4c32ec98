import type { Clock } from "./clock.ts";

/** A clock that tells when this process stood still. */
export interface StallWatch {
  clock: Clock;
  /** Who is told of the stalls from now on, and since when it lasts, before the call of the timer that showed them. */
  onStall(call: (from: number) => void): void;
  stop(): void;
}

/**
 * Notices when this process stood still: stopped, swapped out, on a machine that slept. The proof is a timer
 * that fires later than it was asked for by more than the threshold; all timers that came due in one stall are
 * told of once.
 */
export function watchStalls(machine: Clock, thresholdMs: number): StallWatch {
  let awakeAt = machine.now();
  let tell: (from: number) => void = () => {};

  function notice(dueAt: number): void {
    const now = machine.now();
    if (now - dueAt < thresholdMs || dueAt <= awakeAt) return;
    awakeAt = now;
    tell(dueAt);
  }

  const clock: Clock = {
    now: machine.now,
    after(milliseconds, call) {
      const dueAt = machine.now() + Math.max(0, milliseconds);
      return machine.after(milliseconds, () => {
        notice(dueAt);
        call();
      });
    },
  };
  // Shows that the process is awake when no other timer is due.
  const ticking = every(clock, thresholdMs, () => {});
  return {
    clock,
    onStall(call) {
      tell = call;
    },
    stop: ticking.stop,
  };
}

/** Calls again and again, with that pause. */
export function every(clock: Clock, milliseconds: number, call: () => void): { stop(): void } {
  let cancel = clock.after(milliseconds, again);
  function again(): void {
    cancel = clock.after(milliseconds, again);
    call();
  }
  return { stop: () => cancel() };
}
