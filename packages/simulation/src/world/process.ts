import type { Timeline } from "./timeline.ts";

/**
 * Where a process is to die: at its nth call from now on, before it is made, before it is answered, or within
 * it, where there is something that can be broken off in the middle.
 */
export interface DeathPoint {
  calls: number;
  when: "before" | "within" | "after";
}

/**
 * One life of a simulated process. All that comes to it from outside comes through here, so that a dead one
 * hears nothing, asks nothing and does nothing any more, and a stopped one (SIGSTOP) only later. What its
 * pending promises still do in memory touches nothing outside.
 */
export interface Process {
  readonly name: string;
  readonly bornAt: number;
  isAlive(): boolean;
  /** Hands something in from outside. */
  deliver(call: () => void): void;
  /** Asks the outside for something; the answer is handed in. */
  ask<T>(act: () => Promise<T>): Promise<T>;
  /** Its timers are calls as those of `ask`, with nothing to wait for. */
  clock: ProcessClock;
  /** Timers that it waits for. */
  timers(): number;
  kill(): void;
  killAt(point: DeathPoint): void;
  /** Stops it (SIGSTOP) for so long. */
  stop(milliseconds: number): void;
  /** Whether it stood still at some time since then. */
  wasStoppedSince(time: number): boolean;
  /** How long it has stood still so far. */
  stoppedMs(): number;
  /** When it went on after it last stood still for long; 0 if it never did, later than now while it does. */
  wokeAt(): number;
}

interface ProcessClock {
  /** Grows steadily; its start and its pace are the machine's own. */
  now(): number;
  /** Can be set: jumps. */
  wallTime(): number;
  /** @param call is told whether the process dies within it */
  after(milliseconds: number, call: (isBrokenOff: boolean) => void): () => void;
}

interface ProcessOptions {
  name: string;
  timeline: Timeline;
  /** Monotonic time at birth. */
  monotonicAtBirth: number;
  /** Quotient of the process's seconds and true ones. */
  pace: number;
  /** The machine's wall clock, less true time. */
  wallOffset: () => number;
  onDeath: () => void;
}

/** A process may miss that it stood still for less, and need not care. */
const LONG_STOP_MS = 6500;

const NEVER = new Promise<never>(() => {});

export function createProcess(options: ProcessOptions): Process {
  const { name, timeline, pace, onDeath } = options;
  const bornAt = timeline.now();
  let alive = true;
  let stoppedUntil = 0;
  let stoppedMs = 0;
  let wokeAt = 0;
  let held: (() => void)[] = [];
  let calls = 0;
  let timers = 0;
  let death: { call: number; when: DeathPoint["when"] } | undefined;

  function kill(): void {
    if (!alive) return;
    alive = false;
    held = [];
    onDeath();
  }

  function deathHere(): DeathPoint["when"] | undefined {
    calls += 1;
    return death?.call === calls ? death.when : undefined;
  }

  function deliver(call: () => void): void {
    if (!alive) return;
    if (timeline.now() < stoppedUntil) held.push(call);
    else call();
  }

  function resume(): void {
    if (timeline.now() < stoppedUntil) return;
    const waiting = held;
    held = [];
    for (const call of waiting) timeline.after(0, () => deliver(call));
  }

  return {
    name,
    bornAt,
    isAlive: () => alive,
    deliver,
    ask<T>(act: () => Promise<T>): Promise<T> {
      if (!alive) return NEVER;
      const here = deathHere();
      if (here === "before") {
        kill();
        return NEVER;
      }
      return new Promise((resolve, reject) => {
        const hear = (answer: () => void) =>
          deliver(() => {
            if (here !== undefined) kill();
            else answer();
          });
        act().then(
          (value) => hear(() => resolve(value)),
          (error: unknown) => hear(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      });
    },
    clock: {
      now: () => options.monotonicAtBirth + (timeline.now() - bornAt) * pace,
      wallTime: () => timeline.now() + options.wallOffset(),
      after(milliseconds, call) {
        let isWanted = true;
        timers += 1;
        const over = () => {
          if (isWanted) timers -= 1;
          isWanted = false;
        };
        const cancel = timeline.after(Math.max(0, milliseconds) / pace, () =>
          deliver(() => {
            if (!isWanted) return;
            over();
            const here = deathHere();
            if (here !== "before") call(here === "within");
            if (here !== undefined) kill();
          }),
        );
        return () => {
          over();
          cancel();
        };
      },
    },
    timers: () => timers,
    kill,
    killAt(point) {
      death = { call: calls + point.calls, when: point.when };
    },
    stop(milliseconds) {
      const until = timeline.now() + milliseconds;
      stoppedMs += Math.max(0, until - Math.max(stoppedUntil, timeline.now()));
      stoppedUntil = Math.max(stoppedUntil, until);
      if (milliseconds >= LONG_STOP_MS) wokeAt = stoppedUntil;
      timeline.at(stoppedUntil, resume);
    },
    wasStoppedSince: (time) => stoppedUntil > time,
    stoppedMs: () => stoppedMs - Math.max(0, stoppedUntil - timeline.now()),
    wokeAt: () => wokeAt,
  };
}
