import type { Finding } from "@tartfleet/shared";
import { sleep, type Clock } from "../clock.ts";
import type { Log } from "../log.ts";

const EVERY_MS = 3_600_000;
/** While something is wrong somebody may be curing it, and wants to see that it helped. */
const EVERY_MS_IN_TROUBLE = 300_000;

interface Watch {
  examine(signal: AbortSignal): Promise<Finding[]>;
  clock: Clock;
  log: Log;
}

/** The doctor who stays with the agent. */
export interface Doctor {
  /** What was found at last; undefined until the first look is over. */
  findings(): readonly Finding[] | undefined;
}

/**
 * Looks now, hourly, and every five minutes while something is an error or a warning, beside whatever else the
 * agent does. A finding is logged when its state is another one than before, and at first only when it is not ok.
 */
export function watch({ examine, clock, log }: Watch, signal: AbortSignal): Doctor {
  let latest: readonly Finding[] | undefined;

  function compare(found: readonly Finding[]): void {
    const before = new Map(latest?.map(({ code, state }) => [code, state]));
    for (const { code, state, message, cure } of found) {
      if (state === (before.get(code) ?? "ok")) continue;
      const level = state === "error" ? "error" : state === "warning" ? "warn" : "info";
      log[level]({ finding: code, state, cure }, message);
    }
    latest = found;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        const found = await examine(signal);
        // What was cut off says nothing of the host.
        if (signal.aborted) return;
        compare(found);
      } catch (error) {
        log.error({ error: String(error) }, "the host could not be examined");
      }
      const isTrouble = latest?.some(({ state }) => state === "error" || state === "warning") ?? false;
      await sleep(clock, isTrouble ? EVERY_MS_IN_TROUBLE : EVERY_MS, signal);
    }
  }

  void run();
  return { findings: () => latest };
}
