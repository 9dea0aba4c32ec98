import type { Clock } from "../clock.ts";
import { ok } from "../tart/result.ts";
import type { Tart, TartResult } from "../tart/tart.ts";

type OnProgress = (percent: number) => void;

interface Shared {
  result: Promise<TartResult<void>>;
  stop: AbortController;
  listeners: Set<OnProgress>;
}

/** A look that was begun before a pull ended may still miss its image for this long. Milliseconds. */
const RECENT_MS = 10_000;

/** Pulls of one image for several instances are one pull; it is given up when the last of them is. */
export function createPulls(tart: Pick<Tart, "pull">, clock: Clock) {
  const running = new Map<string, Shared>();
  const pulledAt = new Map<string, number>();

  function join(image: string): Shared {
    const present = running.get(image);
    if (present) return present;
    const stop = new AbortController();
    const listeners = new Set<OnProgress>();
    const onProgress: OnProgress = (percent) => {
      for (const listener of listeners) listener(percent);
    };
    const result = tart.pull(image, { onProgress, signal: stop.signal });
    const shared = { result, stop, listeners };
    running.set(image, shared);
    const over = () => {
      if (running.get(image) === shared) running.delete(image);
    };
    void result.then((pulled) => {
      if (pulled.ok) pulledAt.set(image, clock.now());
      over();
    }, over);
    return shared;
  }

  return {
    /** "cut_off" when the signal was aborted, whether or not the pull goes on for others. */
    async pull(
      image: string,
      options: { onProgress: OnProgress; signal: AbortSignal },
    ): Promise<TartResult<void> | "cut_off"> {
      const { onProgress, signal } = options;
      if (signal.aborted) return "cut_off";
      if (clock.now() - (pulledAt.get(image) ?? Number.NEGATIVE_INFINITY) < RECENT_MS) return ok();
      const shared = join(image);
      shared.listeners.add(onProgress);
      const cut = Promise.withResolvers<"cut_off">();
      const leave = () => {
        shared.listeners.delete(onProgress);
        if (shared.listeners.size > 0) return cut.resolve("cut_off");
        if (running.get(image) === shared) running.delete(image);
        shared.stop.abort();
        // The last one waits for the command's end: nothing of it may run on unseen.
        void shared.result.then(
          () => cut.resolve("cut_off"),
          () => cut.resolve("cut_off"),
        );
      };
      signal.addEventListener("abort", leave, { once: true });
      try {
        return await Promise.race([cut.promise, shared.result.then((r) => (signal.aborted ? "cut_off" : r))]);
      } finally {
        signal.removeEventListener("abort", leave);
        shared.listeners.delete(onProgress);
      }
    },
  };
}

export type Pulls = ReturnType<typeof createPulls>;
