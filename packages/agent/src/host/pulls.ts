import type { HostFacts } from "@tartfleet/shared";
import type { Clock } from "../clock.ts";
import { ok } from "../tart/result.ts";
import type { OnPulled, Tart, TartResult } from "../tart/tart.ts";

interface Shared {
  /** How many instances wait for it; without any it is fetched in the background. */
  vms: number;
  /** For how long one of them lets it stand still at least; milliseconds. */
  stallMs: number;
  result: Promise<TartResult<void>>;
  stop: AbortController;
  listeners: Set<OnPulled>;
  progress: Progress;
}

interface Progress {
  percent: number;
  totalBytes: number | undefined;
  told: { fact: PullFact; at: number } | undefined;
}

/** A pull that is under way, as others are told of it. */
export type PullFact = NonNullable<HostFacts["pulls"]>[number];

/** A look that was begun before a pull ended may still miss its image for this long. Milliseconds. */
const RECENT_MS = 10_000;

/** How often others are told of a pull's progress. Milliseconds. */
const TELL_MS = 5000;

/**
 * Pulls of one image for several instances are one pull; it is given up when the last of them is. A pull in the
 * background gives way to one that an instance waits for: what tart had of it is lost, but a VM does not wait for it.
 */
export function createPulls(tart: Pick<Tart, "pull">, clock: Clock, onFetched: (image: string) => void) {
  const running = new Map<string, Shared>();
  const pulledAt = new Map<string, number>();

  function join(image: string): Shared {
    const present = running.get(image);
    if (present) return present;
    const stop = new AbortController();
    const progress: Progress = { percent: 0, totalBytes: undefined, told: undefined };
    const listeners = new Set<OnPulled>();
    const onProgress: OnPulled = (percent, totalBytes) => {
      Object.assign(progress, { percent, totalBytes });
      for (const listener of listeners) listener(percent, totalBytes);
    };
    const leastStallMs = () => running.get(image)?.stallMs ?? 0;
    const result = tart.pull(image, { onProgress, signal: stop.signal, leastStallMs });
    const shared: Shared = { result, stop, listeners, progress, vms: 0, stallMs: 0 };
    running.set(image, shared);
    const over = () => {
      if (running.get(image) === shared) running.delete(image);
    };
    void result.then((pulled) => {
      if (pulled.ok) {
        pulledAt.set(image, clock.now());
        onFetched(image);
      }
      over();
    }, over);
    return shared;
  }

  function makeWay(image: string): void {
    for (const [other, { vms, stop }] of running) {
      if (other === image || vms > 0) continue;
      running.delete(other);
      stop.abort();
    }
  }

  return {
    /** What is under way; of each the same for a few seconds, since the whole host is told of anew with it. */
    facts: (): PullFact[] =>
      [...running].map(([reference, { progress }]) => {
        const { percent, totalBytes, told } = progress;
        if (told && told.fact.totalBytes === totalBytes && clock.now() - told.at < TELL_MS) return told.fact;
        const fact = { reference, percent, ...(totalBytes === undefined ? {} : { totalBytes }) };
        progress.told = { fact, at: clock.now() };
        return fact;
      }),

    /** "cut_off" when the signal was aborted, whether or not the pull goes on for others. */
    async pull(
      image: string,
      options: { onProgress: OnPulled; signal: AbortSignal; isBackground?: boolean; stallMs?: number },
    ): Promise<TartResult<void> | "cut_off"> {
      const { onProgress, signal, isBackground = false, stallMs = 0 } = options;
      if (signal.aborted) return "cut_off";
      if (clock.now() - (pulledAt.get(image) ?? Number.NEGATIVE_INFINITY) < RECENT_MS) return ok();
      if (!isBackground) makeWay(image);
      const shared = join(image);
      shared.stallMs = Math.max(shared.stallMs, stallMs);
      shared.listeners.add(onProgress);
      if (!isBackground) shared.vms += 1;
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
        if (!isBackground) shared.vms -= 1;
        shared.listeners.delete(onProgress);
      }
    },
  };
}

export type Pulls = ReturnType<typeof createPulls>;
