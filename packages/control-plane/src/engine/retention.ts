import type { Store } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import type { Patience } from "./patience.ts";

const DAY_MS = 86_400_000;
/** After the start others come first. */
const FIRST_MS = 60_000;
/** Rows of a step and the pause to the next: 3 or 4 ms of work in every quarter of a second. */
const ROWS = 50;
const PAUSE_MS = 250;
const REST_MS = 3_600_000;

/** Forgets VMs that ended so many days ago, in small steps with pauses between; 0 keeps all. */
export function startRetention(options: {
  store: Pick<Store, "forgetEnded">;
  clock: Clock;
  patience: Patience;
  keepEndedDays: number;
}): { stop(): void } {
  const { store, clock, patience, keepEndedDays } = options;
  if (keepEndedDays === 0) return { stop: () => undefined };
  let isStopped = false;
  let cancel = clock.after(FIRST_MS, () => goOn(0));

  function goOn(after: number): void {
    patience.keepTrying(async () => {
      const next = await store.forgetEnded(clock.now() - keepEndedDays * DAY_MS, after, ROWS);
      if (isStopped) return;
      cancel = clock.after(next ? PAUSE_MS : REST_MS, () => goOn(next?.after ?? 0));
    });
  }

  return {
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
