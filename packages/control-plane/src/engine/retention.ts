import type { Store } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import type { Patience } from "./patience.ts";

const DAY_MS = 86_400_000;
/** After the start others come first. */
const FIRST_MS = 60_000;
/**
 * Rows of a step, 3 or 4 ms of work, and the pause to the next: a thousand rows a second are twice what 10,000 Macs
 * with jobs of ten minutes leave (docs/performance.md).
 */
const ROWS = 50;
const PAUSE_MS = 50;
const REST_MS = 3_600_000;
/** Of phases' times so many are kept at most, about 100 MB: a day of a thousand Macs that are busy all the time. */
const MOST_PHASES = 400_000;

interface Options {
  store: Pick<Store, "forgetEnded" | "forgetPhases" | "shortenAudit">;
  clock: Clock;
  patience: Patience;
  keepEndedDays: number;
  keepAuditDays: number;
}

/**
 * Forgets VMs that ended so many days ago, how long their phases took, and the audit log's beginning; 0 days keep all.
 * In small steps with pauses between.
 */
export function startRetention(options: Options): { stop(): void } {
  const { store, clock, patience, keepEndedDays, keepAuditDays } = options;
  const before = (days: number) => (days === 0 ? 0 : clock.now() - days * DAY_MS);
  const running = [
    again(clock, patience, async () =>
      (await store.forgetPhases(before(keepEndedDays), MOST_PHASES, ROWS)) ? 0 : undefined,
    ),
  ];
  if (keepEndedDays > 0)
    running.push(
      again(
        clock,
        patience,
        async (after) => (await store.forgetEnded(before(keepEndedDays), after, ROWS))?.after,
      ),
    );
  if (keepAuditDays > 0)
    running.push(
      again(clock, patience, async () =>
        (await store.shortenAudit(before(keepAuditDays), ROWS, clock.now())) ? 0 : undefined,
      ),
    );
  return {
    stop() {
      for (const each of running) each.stop();
    },
  };
}

/** Takes step after step, each from where the one before stopped, until one says that there is no other; then anew. */
function again(
  clock: Clock,
  patience: Patience,
  step: (after: number) => Promise<number | undefined>,
): { stop(): void } {
  let isStopped = false;
  let cancel = clock.after(FIRST_MS, () => goOn(0));

  function goOn(after: number): void {
    patience.keepTrying(async () => {
      const next = await step(after);
      if (isStopped) return;
      cancel = clock.after(next === undefined ? REST_MS : PAUSE_MS, () => goOn(next ?? 0));
    });
  }

  return {
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
