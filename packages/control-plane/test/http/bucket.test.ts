import * as fc from "fast-check";
import { expect, it } from "vitest";
import { makeBucket } from "../../src/http/bound-socket.ts";

it("never lets through more than its burst and its rate", () => {
  const gaps = fc.array(fc.nat(500), { maxLength: 200 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 50 }),
      gaps,
      (burst, rate, steps) => {
        const bucket = makeBucket(burst, rate);
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
