import * as fc from "fast-check";
import { expect, test } from "vitest";
import { imageFor } from "../../../src/domain/channels/channel.ts";
import { judge, STEPS, type Seen } from "../../../src/domain/channels/judge.ts";

const seen: fc.Arbitrary<Seen> = fc
  .record({
    attempts: fc.nat(300),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
    boots: fc.nat(256),
    p95: fc.nat(600_000),
  })
  .map(({ attempts, part, boots, p95 }) => ({
    attempts,
    failed: Math.floor(attempts * part),
    boots,
    bootP95: boots === 0 ? undefined : p95,
  }));
const percents = fc.constantFrom(...STEPS);
const samples = fc.integer({ min: 3, max: 200 });

test("a step is always up, and none comes with too few samples", () => {
  fc.assert(
    fc.property(percents, samples, seen, seen, fc.nat(300), (percent, samplesPerStep, next, old, inStep) => {
      const judgement = judge({ percent, samplesPerStep }, next, old, inStep);
      if (judgement.kind === "step") expect(judgement.percent).toBeGreaterThan(percent);
      if (judgement.kind === "completed") expect(percent).toBe(100);
      if (judgement.kind === "step" || judgement.kind === "completed")
        expect(inStep).toBeGreaterThanOrEqual(samplesPerStep);
    }),
  );
});

test("an image that always fails is rolled back, unless the old one is no better", () => {
  fc.assert(
    fc.property(
      percents,
      fc.integer({ min: 3, max: 250 }),
      fc.integer({ min: 10, max: 250 }),
      (percent, bad, good) => {
        const next = { attempts: bad, failed: bad, boots: 0, bootP95: undefined };
        const old = { attempts: good, failed: 0, boots: 0, bootP95: undefined };
        const rollout = { percent, samplesPerStep: 10 };
        expect(judge(rollout, next, old, bad).kind).toBe("rolled_back");
        expect(judge(rollout, next, { ...old, failed: good }, bad).kind).not.toBe("rolled_back");
      },
    ),
  );
});

test("an image whose boots are much slower is rolled back", () => {
  const next = { attempts: 10, failed: 0, boots: 10, bootP95: 60_000 };
  const old = { attempts: 100, failed: 0, boots: 100, bootP95: 20_000 };
  expect(judge({ percent: 10, samplesPerStep: 10 }, next, old, 10)).toEqual({
    kind: "rolled_back",
    why: "It boots more slowly: boot p95 60 s against 20 s.",
  });
  expect(judge({ percent: 10, samplesPerStep: 10 }, { ...next, bootP95: 25_000 }, old, 10).kind).toBe("step");
});

test("a VM's image is always the same, never goes back at a higher percentage, and the split is what it says", () => {
  const at = (percent: number) => ({
    image: "old",
    rollout: { image: "new", percent, samplesPerStep: 10, startedAt: 0, stepAt: 0 },
    decisions: [],
  });
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.nat(100), fc.nat(100), (id, a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      expect(imageFor(at(low), id)).toBe(imageFor(at(low), id));
      if (imageFor(at(low), id) === "new") expect(imageFor(at(high), id)).toBe("new");
    }),
  );
  const ids = Array.from({ length: 10_000 }, (_, n) => `vm${n}`);
  for (const percent of [0, 10, 50, 100]) {
    const shifted = ids.filter((id) => imageFor(at(percent), id) === "new").length;
    expect(Math.abs(shifted - percent * 100)).toBeLessThan(250);
  }
});
