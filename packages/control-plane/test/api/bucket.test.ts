import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeBucket, makeBuckets } from "../../src/api/bucket.ts";
import { sourceOf } from "../../src/api/source.ts";

it("never lets through more than its burst and its rate", () => {
  const gaps = fc.array(fc.nat(500), { maxLength: 200 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 50 }),
      gaps,
      (burst, rate, steps) => {
        const bucket = makeBucket({ burst, perSecond: rate });
        let now = 1000;
        let taken = 0;
        for (const step of steps) {
          now += step;
          if (bucket.take(now)) taken += 1;
        }
        expect(taken).toBeLessThanOrEqual(burst + ((now - 1000) * rate) / 1000 + 1e-6);
        expect(taken).toBeGreaterThanOrEqual(Math.min(burst, steps.length));
      },
    ),
  );
});

it("tells who took too much when that is made up for", () => {
  const spendings = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 50 }),
      spendings,
      (burst, rate, all) => {
        const bucket = makeBucket({ burst, perSecond: rate });
        let now = 1000;
        let spent = 0;
        for (const many of all) {
          now += bucket.spend(now, many);
          spent += many;
          expect(spent).toBeLessThanOrEqual(burst + ((now - 1000) * rate) / 1000 + 1e-6);
          expect(bucket.spend(now, 0)).toBeCloseTo(0, 6);
        }
      },
    ),
  );
});

describe("what is remembered of callers", () => {
  it("never grows beyond its bound, and forgets the one that was silent longest", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat(20)), (most, callers) => {
        const buckets = makeBuckets({ burst: 1, perSecond: 0 }, most);
        let recent: number[] = [];
        for (const caller of callers) {
          // Who is remembered has used up its one call; who is not begins anew.
          expect(buckets.take(String(caller), 0)).toBe(!recent.includes(caller));
          recent = [...recent.filter((known) => known !== caller), caller].slice(-most);
          expect(buckets.size()).toBe(recent.length);
        }
      }),
    );
  });

  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["nonsense\u001b[31m", "unknown"],
    [undefined, "unknown"],
  ])("of %s is under %s", (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });
});
