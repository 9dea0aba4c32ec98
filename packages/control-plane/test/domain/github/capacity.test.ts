import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jobsWelcome, type Serving } from "../../../src/domain/github/capacity.ts";

const few = fc.nat({ max: 30 });
const serving: fc.Arbitrary<Serving> = fc.record({
  max: fc.integer({ min: 1, max: 40 }),
  jobs: few,
  startNow: few,
  vms: fc.array(
    fc.record({
      stage: fc.constantFrom("coming" as const, "fresh" as const, "working" as const, "over" as const),
      isQueued: fc.boolean(),
    }),
    { maxLength: 30 },
  ),
});

test("never more jobs are welcome than max, never fewer than are held, and never none", () => {
  fc.assert(
    fc.property(serving, (now) => {
      const welcome = jobsWelcome(now);
      const live = now.vms.filter(({ stage }) => stage !== "over").length;
      expect(welcome).toBeLessThanOrEqual(now.max);
      expect(welcome).toBeGreaterThanOrEqual(Math.min(now.max, Math.max(1, now.jobs, live)));
    }),
  );
});

test("room for another is never answered with fewer, and max alone bounds an empty fleet's room", () => {
  fc.assert(
    fc.property(serving, few, (now, more) => {
      expect(jobsWelcome({ ...now, startNow: now.startNow + more })).toBeGreaterThanOrEqual(jobsWelcome(now));
      const roomy = { ...now, startNow: now.max };
      expect(jobsWelcome(roomy)).toBe(now.max);
    }),
  );
});

test("in a full fleet as many more as a quarter of those at work may wait here, at least one", () => {
  const working = (count: number) =>
    Array.from({ length: count }, () => ({ stage: "working" as const, isQueued: false }));
  const welcome = (at: number) => jobsWelcome({ max: 100, jobs: at, vms: working(at), startNow: 0 }) - at;
  expect([0, 1, 4, 40].map(welcome)).toEqual([1, 1, 2, 11]);
  // What waits here already lets no other in: else each look would let one more in.
  const vms = [
    ...working(4),
    { stage: "coming", isQueued: true },
    { stage: "coming", isQueued: true },
  ] as const;
  expect(jobsWelcome({ max: 100, jobs: 6, vms, startNow: 0 })).toBe(6);
});
