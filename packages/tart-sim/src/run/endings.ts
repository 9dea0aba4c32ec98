/** How a run comes to its end (tart-contract §2.6). */
export type Ending =
  | { kind: "stopped" }
  | { kind: "suspended" }
  | { kind: "guest" }
  | { kind: "crashed" }
  | { kind: "network lost" };

export interface Endings {
  /** The first one that came. */
  first: Promise<Ending>;
  /** Aborts with it, for whatever is still booting. */
  over: AbortSignal;
  end(ending: Ending): void;
}

export function makeEndings(): Endings {
  const over = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Ending>();
  return {
    first: promise,
    over: over.signal,
    end(ending) {
      resolve(ending);
      over.abort();
    },
  };
}
