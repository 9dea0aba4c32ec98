import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge, mayClose, pauseMs, probeSays, type Outcome } from "../../src/domain/breaker.ts";

const NOW = 10_000_000;
const MINUTE = 60_000;

const outcome = (verdict: Outcome["verdict"], parts: Partial<Outcome> = {}): Outcome => ({
  at: NOW - MINUTE,
  hostId: 1,
  image: "x/a:1",
  verdict,
  ...parts,
});
const failed = (parts: Partial<Outcome> = {}) => outcome("start_failed", parts);
const nobody = () => [];
const of =
  (...outcomes: Outcome[]) =>
  (image: string) =>
    outcomes.filter((one) => one.image === image);

describe("two by two: is it the host or the image?", () => {
  test("images of several kinds fail there: it is the host", () => {
    const here = [failed(), failed({ image: "x/b:1" }), failed()];
    expect(judge(here, nobody, NOW).open).toContain("3 × start_failed");
    expect(judge([failed()], nobody, NOW).open).toBeUndefined();
  });

  test("one that is ready elsewhere fails there: it is the host", () => {
    const elsewhere = of(outcome("ready", { hostId: 2 }));
    expect(judge([failed(), failed(), failed()], elsewhere, NOW).open).toContain("ready elsewhere");
  });

  test("it fails on other hosts, too: it is the image, and the host stays open", () => {
    const elsewhere = of(failed({ hostId: 2 }), failed({ hostId: 3 }));
    const { open, isSuspect, suspectImages } = judge([failed(), failed(), failed()], elsewhere, NOW);
    expect({ open, isSuspect }).toEqual({ open: undefined, isSuspect: false });
    expect([...suspectImages]).toEqual(["x/a:1"]);
  });

  test("nobody else has tried it: that image is tried elsewhere first, and the host stays open", () => {
    const { open, suspectImages } = judge([failed(), failed(), failed(), failed()], nobody, NOW);
    expect(open).toBeUndefined();
    expect(suspectImages.has("x/a:1")).toBe(true);
  });

  test("a broken image does not excuse a host where a good one fails as well", () => {
    const elsewhere = of(
      failed({ hostId: 2 }),
      failed({ hostId: 3 }),
      outcome("ready", { hostId: 2, image: "x/good:1" }),
    );
    const good = failed({ image: "x/good:1" });
    expect(judge([failed(), good, failed()], elsewhere, NOW).open).toBeUndefined();
    expect(judge([failed(), good, failed(), good], elsewhere, NOW).open).toBeDefined();
  });
});

test("one that was ready since, or a failure of long ago, is held against nobody", () => {
  const bad = [failed(), failed({ image: "x/b:1" }), failed()];
  expect(judge([outcome("ready"), ...bad], nobody, NOW).open).toBeUndefined();
  expect(judge(bad, nobody, NOW + 61 * MINUTE)).toEqual({
    open: undefined,
    isSuspect: false,
    suspectImages: new Set(),
  });
});

const verdicts = fc.constantFrom<Outcome["verdict"]>(
  "ready",
  "start_failed",
  "guest_unreachable",
  "image_not_found",
  "vm_limit_reached",
  "host_silent",
  null,
);
const outcomes = fc.array(
  fc.record({
    at: fc.integer({ min: NOW - 90 * MINUTE, max: NOW }),
    hostId: fc.constantFrom(1, 2, 3, null),
    image: fc.constantFrom("x/a:1", "x/b:1", "x/c:1"),
    verdict: verdicts,
  }),
  { maxLength: 12 },
);

test("one image alone, that is ready nowhere else, never closes a host", () => {
  fc.assert(
    fc.property(outcomes, (all) => {
      const here = all.map((one) => ({ ...one, hostId: 1, image: "x/a:1" }));
      const elsewhere = of(
        ...all.filter(({ verdict }) => verdict !== "ready").map((one) => ({ ...one, hostId: 2 })),
      );
      expect(judge(here, elsewhere, NOW).open).toBeUndefined();
    }),
  );
});

test("what is nobody's fault on the host never closes it", () => {
  fc.assert(
    fc.property(outcomes, outcomes, (here, there) => {
      const innocent = here.filter(
        ({ verdict }) => verdict !== "start_failed" && verdict !== "guest_unreachable",
      );
      expect(judge(innocent, of(...there), NOW).open).toBeUndefined();
    }),
  );
});

test("at least half of the connected hosts stay open, and rests grow to four hours", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 }), (connected) => {
      let closed = 0;
      while (mayClose(connected, closed)) closed += 1;
      expect(connected - closed).toBeGreaterThanOrEqual(connected / 2);
    }),
  );
  expect([1, 2, 3, 20].map((trips) => pauseMs(trips, 5 * MINUTE) / MINUTE)).toEqual([5, 10, 20, 240]);
});

test("a probe that says nothing of its host decides nothing", () => {
  expect([
    probeSays("ready"),
    probeSays("start_failed"),
    probeSays("image_not_found"),
    probeSays(null),
  ]).toEqual(["sound", "broken", undefined, undefined]);
});
