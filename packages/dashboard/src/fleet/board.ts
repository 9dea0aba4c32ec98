import type { BoardHost, BoardSummary, Board as Update } from "@tartfleet/shared";
import { makeStore, type Store } from "../parts/store.ts";

/** What is on the fleet's screen. Each host has listeners of its own: a change draws that host alone. */
export interface Board {
  apply(update: Update): void;
  summary: Pick<Store<BoardSummary | null>, "get" | "subscribe">;
  /** By name, in order; the same array until anything of any host changes. */
  hosts: Pick<Store<readonly BoardHost[]>, "get" | "subscribe">;
  host(name: string): BoardHost | undefined;
  /** @returns ends it */
  subscribeHost(name: string, listener: () => void): () => void;
}

const byName = new Intl.Collator("en", { numeric: true }).compare;

export function makeBoard(): Board {
  const known = new Map<string, BoardHost>();
  /** Names; sorting a thousand takes half a frame, and hosts seldom come and go. */
  let order: readonly string[] = [];
  const listeners = new Map<string, Set<() => void>>();
  const summary = makeStore<BoardSummary | null>(null);
  const hosts = makeStore<readonly BoardHost[]>([]);

  return {
    apply(update) {
      const told = new Set(update.hosts.map(({ name }) => name));
      const gone = update.whole ? [...known.keys()].filter((name) => !told.has(name)) : update.removed;
      const isNew = update.hosts.some(({ name }) => !known.has(name));
      for (const host of update.hosts) known.set(host.name, host);
      for (const name of gone) known.delete(name);
      if (isNew || gone.length > 0) order = [...known.keys()].sort(byName);
      if (told.size > 0 || gone.length > 0) hosts.set(order.flatMap((name) => known.get(name) ?? []));
      summary.set(update.summary);
      for (const name of [...told, ...gone]) {
        for (const listener of listeners.get(name) ?? []) listener();
      }
    },
    summary,
    hosts,
    host: (name) => known.get(name),
    subscribeHost(name, listener) {
      const those = listeners.get(name) ?? new Set();
      listeners.set(name, those.add(listener));
      return () => {
        those.delete(listener);
        if (those.size === 0) listeners.delete(name);
      };
    },
  };
}
