import { WEEKDAYS, type PoolSchedule } from "@tartfleet/shared";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextEdge, wantedAt } from "../../../src/domain/pools/schedule.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const time = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 1, 30, 59))
  .map(([hour, minute]) => `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`);
const schedule: fc.Arbitrary<PoolSchedule> = fc.record({
  // Clocks are changed by an hour, by half of one, not at all, and one zone is half an hour off.
  timeZone: fc.constantFrom(
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
  ),
  windows: fc.array(
    fc.record({
      days: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }),
      from: time,
      to: time,
      minIdle: fc.integer({ min: 0, max: 3 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});
/** Around the days on which clocks are changed somewhere, and any others. */
const now = fc
  .tuple(
    fc.constantFrom(
      "2025-03-30",
      "2025-10-26",
      "2025-03-09",
      "2025-11-02",
      "2025-04-06",
      "2025-10-05",
      "2025-06-11",
    ),
    fc.integer({ min: -36 * 60, max: 36 * 60 }),
  )
  .map(([day, minutes]) => Date.parse(`${day}T00:00:00Z`) + minutes * MINUTE);

describe("schedules", () => {
  test("no change is slept through, whatever the zone and its clocks do", () => {
    fc.assert(
      fc.property(schedule, now, (when, at) => {
        const edge = nextEdge(when, at);
        if (edge === null) return expect.unreachable();
        expect(edge).toBeGreaterThan(at);
        expect(edge - at).toBeLessThanOrEqual(25 * HOUR);
        const wanted = wantedAt({ minIdle: 9, schedule: when }, at);
        for (let minute = at; minute < edge; minute += MINUTE)
          expect(wantedAt({ minIdle: 9, schedule: when }, minute)).toBe(wanted);
      }),
      { numRuns: 60 },
    );
  });

  const office: PoolSchedule = {
    timeZone: "Europe/Berlin",
    windows: [
      { days: ["mon", "tue", "wed", "thu", "fri"], from: "07:00", to: "19:00" },
      { days: ["fri"], from: "22:00", to: "06:00", minIdle: 1 },
    ],
  };
  test.each([
    ["2025-01-08T05:59:59Z", 0], // Wednesday, winter: 06:59 by the wall
    ["2025-01-08T06:00:00Z", 4],
    ["2025-07-09T04:59:59Z", 0], // summer: an hour sooner
    ["2025-07-09T05:00:00Z", 4],
    ["2025-07-09T17:00:00Z", 0],
    ["2025-07-11T20:00:00Z", 1], // Friday night
    ["2025-07-12T03:59:00Z", 1], // still Friday's
    ["2025-07-12T04:00:00Z", 0],
    ["2025-07-13T21:00:00Z", 0],
  ])("at %s it wants %i", (at, wanted) => {
    expect(wantedAt({ minIdle: 4, schedule: office }, Date.parse(at))).toBe(wanted);
  });

  test("without a schedule a pool always wants the same", () => {
    expect(wantedAt({ minIdle: 2, schedule: null }, 0)).toBe(2);
    expect(nextEdge(null, 0)).toBeNull();
  });
});
