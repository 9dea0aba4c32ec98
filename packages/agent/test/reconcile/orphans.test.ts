import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isDue, NO_ORPHANS, watchOrphans } from "../../src/reconcile/orphans.ts";

const look = fc.record({
  afterMs: fc.integer({ min: 0, max: 8000 }),
  logId: fc.constantFrom("a", "a", "a", "a", "b", null),
  isUnwanted: fc.constantFrom(true, true, true, true, false),
});

test("only time in which one log, connected, did not want it counts", () => {
  fc.assert(
    fc.property(fc.array(look, { maxLength: 60 }), (looks) => {
      let watch = NO_ORPHANS;
      let now = 0;
      let log: string | null = null;
      let wasConnected = false;
      let unwantedMs: number | undefined;
      for (const { afterMs, logId, isUnwanted } of looks) {
        now += afterMs;
        watch = watchOrphans(watch, { logId, unwanted: isUnwanted ? ["x"] : [], now });
        if (logId !== null && logId !== log) unwantedMs = undefined;
        else if (logId !== null && wasConnected && unwantedMs !== undefined) unwantedMs += afterMs;
        if (logId !== null) {
          log = logId;
          unwantedMs = isUnwanted ? (unwantedMs ?? 0) : undefined;
        }
        wasConnected = logId !== null;
        if (logId !== null) expect(isDue(watch, "x", 30_000)).toBe((unwantedMs ?? -1) >= 30_000);
      }
    }),
  );
});

test("a process that was stopped for an hour does not count the hour", () => {
  const first = watchOrphans(NO_ORPHANS, { logId: "a", unwanted: ["x"], now: 0 });
  const later = watchOrphans(first, { logId: "a", unwanted: ["x"], now: 3_600_000 });
  expect(isDue(later, "x", 30_000)).toBe(false);
});
