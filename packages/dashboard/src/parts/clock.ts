import { useSyncExternalStore } from "react";

let ahead = 0;

/** Sets our clock by the control plane's: ages are told by the clock that wrote the times. */
export function setClock(controlPlaneNow: string): void {
  ahead = Date.parse(controlPlaneNow) - Date.now();
}

/** Milliseconds, by the control plane's clock. */
function now(): number {
  return Date.now() + ahead;
}

const TICK_MS = 1000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One timer for all ages on the screen; none while there are none. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time, rounded down to whole steps (milliseconds); draws its user when the next one begins. */
export function useNow(step = TICK_MS): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now() / step) * step);
}

const DAY_MS = 86_400_000;

/** When the present day began, in UTC (as milliseconds); draws its user once a day. */
export function useToday(): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now() / DAY_MS) * DAY_MS);
}
