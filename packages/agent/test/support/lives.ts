import type { Clock } from "../../src/clock.ts";

/** One life of an agent: when it ends, the process is gone, and what it had begun goes on without it. */
export interface Life {
  isOver(): boolean;
  end(): void;
  /** Ends after this many further calls: half of them before the call, half after it. */
  endAfter(calls: number, when: "before" | "after"): void;
  /** The same thing as this life sees it: calls are counted, and answer nobody once it is over. */
  bind<T extends object>(thing: T): T;
  bindClock(clock: Clock): Clock;
  calls(): number;
}

const NEVER = new Promise<never>(() => {});

export function createLife(): Life {
  let isOver = false;
  let calls = 0;
  let last: { call: number; when: "before" | "after" } | undefined;
  const life: Life = {
    isOver: () => isOver,
    end: () => {
      isOver = true;
    },
    endAfter(count, when) {
      last = { call: calls + count, when };
    },
    calls: () => calls,
    bind(thing) {
      return new Proxy(thing, {
        get(target, key, receiver) {
          const value: unknown = Reflect.get(target, key, receiver);
          if (typeof value !== "function") return value;
          return (...args: unknown[]) => {
            if (isOver) return NEVER;
            const call = (calls += 1);
            if (last?.call === call && last.when === "before") {
              isOver = true;
              return NEVER;
            }
            const result: unknown = Reflect.apply(value, target, args);
            if (!(result instanceof Promise)) return result;
            return result.then((answer: unknown) => {
              if (last?.call === call) isOver = true;
              return isOver ? NEVER : answer;
            });
          };
        },
      });
    },
    bindClock: (clock) => ({
      now: () => clock.now(),
      wallTime: () => clock.wallTime(),
      after: (ms, callback) =>
        clock.after(ms, () => {
          if (!isOver) callback();
        }),
    }),
  };
  return life;
}
