import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  forecast,
  leavingWithin,
  type Occupant,
  type Standing,
} from "../../../src/domain/explain/forecast.ts";
import { NEED, POLICY, request, room } from "./fleets.ts";

const occupant = (hostId: number, slot: number): Occupant => ({
  hostId,
  slot,
  team: "a",
  priority: "default",
  need: NEED,
});

/** Hosts that are full, of which every slot's rest is known, and those who wait with their lengths. */
function standing(
  rests: readonly number[],
  lengths: readonly number[],
  change: Partial<Standing> = {},
): Standing {
  const hosts = Math.ceil(rests.length / 2);
  const occupants = rests.map((_, index) => occupant(1 + Math.floor(index / 2), index % 2));
  return {
    rooms: Array.from({ length: hosts }, (_, index) =>
      room(index + 1, rests.length > 2 * index + 1 ? [] : [1]),
    ),
    returning: [],
    occupants,
    lines: [{ requests: lengths.map((_, index) => request(index)) }],
    policy: POLICY,
    layout: "spread",
    leaves: (holds) => rests[2 * (holds.hostId - 1) + (holds.slot ?? 0)],
    stays: ({ seq }) => lengths[seq],
    ...change,
  };
}

/** When the last of those that wait starts, told without any scheduler: each takes the slot that is free first. */
function startOfLast(rests: readonly number[], lengths: readonly number[]): number {
  const freeAt = [...rests];
  let start = 0;
  for (const length of lengths) {
    start = Math.min(...freeAt);
    freeAt[freeAt.indexOf(start)] = start + length;
  }
  return start;
}

const times = (most: number) =>
  fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: most });

describe("a forecast", () => {
  test("with lengths that are known is exact, whoever is before", () => {
    fc.assert(
      fc.property(times(6), times(12), (all, lengths) => {
        const rests = all.length % 2 === 0 ? all : [...all, 1];
        const told = forecast(standing(rests, lengths), `w${lengths.length - 1}`);
        const start = startOfLast(rests, lengths);
        expect(told).toEqual({ p50: start, p90: start, before: lengths.length - 1, isExtrapolated: false });
      }),
    );
  });

  test("tells from the quantiles of the one whose slot it waits for", () => {
    const leaves = (_: Occupant, u: number) => 1000 * u;
    const one: Standing = { ...standing([0, 0], [1]), leaves };
    const both = { ...one, occupants: one.occupants.slice(0, 1) };
    const { p50 = 0, p90 = 0 } = forecast(both, "w0");
    expect(p50).toBeGreaterThan(450);
    expect(p50).toBeLessThan(550);
    expect(p90).toBeGreaterThan(850);
    expect(p90).toBeLessThan(950);
    // Of two slots the first that is free counts: sooner, and surer.
    expect(forecast(one, "w0").p90 ?? Infinity).toBeLessThan(p90);
    expect(forecast(one, "w0")).toEqual(forecast(one, "w0"));
  });

  test("goes by shares, as the scheduler does: a team at its cap waits for its own", () => {
    const policy = { ...POLICY, teams: new Map([["b", { guaranteed: 0, cap: 1, weight: 1 }]]) };
    const full = standing([10, 500], [1], { policy });
    const occupants = full.occupants.map((holds, index) => (index === 1 ? { ...holds, team: "b" } : holds));
    const lines = [{ requests: [request(0, "b")] }];
    expect(forecast({ ...full, occupants, lines }, "w0").p50).toBe(500);
    expect(forecast({ ...full, lines }, "w0").p50).toBe(10);
  });

  test("counts what a team holds on hosts that are cordoned or silent, and takes up those whose cordon ends", () => {
    const policy = { ...POLICY, teams: new Map([["a", { guaranteed: 0, cap: 2, weight: 1 }]]) };
    const full = standing([700, 800], [1], { policy });
    // Both slots of the team are on host 1, which takes nothing; host 2 is empty.
    const elsewhere = { ...full, rooms: [room(2, [0, 1])] };
    expect(forecast(elsewhere, "w0").p50).toBe(700);
    expect(forecast({ ...elsewhere, leaves: () => undefined }, "w0").p50).toBeUndefined();

    const cordoned = { ...standing([700, 800], [50, 50, 50]), rooms: [] };
    expect(forecast(cordoned, "w0").p50).toBeUndefined();
    const back = (at: number) => ({ ...cordoned, returning: [{ at, room: room(1, []) }] });
    expect(forecast(back(750), "w0").p50).toBe(750);
    expect(forecast(back(750), "w2").p50).toBe(800);
    expect(forecast(back(100), "w1").p50).toBe(750);
    expect(forecast(back(100), "w1")).toEqual(forecast(back(100), "w1"));
  });

  test("does not know what nothing foreseen makes room for", () => {
    const never = standing([5, 5], [1], { leaves: () => undefined });
    expect(forecast(never, "w0")).toMatchObject({ p50: undefined, isExtrapolated: false });
  });

  test("of a large fleet is what the flow through it says, however few its runs", () => {
    const rests = Array.from({ length: 600 }, () => 0);
    const leaves = (_: Occupant, u: number) => 1_200_000 * u;
    const big = {
      ...standing(
        rests,
        Array.from({ length: 60 }, () => 1e9),
      ),
      leaves,
    };
    const { p50 = 0, p90 = 0 } = forecast(big, "w59");
    // The 60th of 600 that leave evenly within 20 minutes.
    expect(p50).toBeGreaterThan(100_000);
    expect(p90).toBeLessThan(145_000);
  });

  test("of one far back tells from how fast the queue moves", () => {
    const lengths = Array.from({ length: 5000 }, () => 1000);
    const told = forecast(standing([10, 510], lengths), "w4999");
    expect(told.isExtrapolated).toBe(true);
    expect(told.p50 ?? 0).toBeGreaterThan(2_400_000);
    expect(told.p50 ?? 0).toBeLessThan(2_600_000);
    // Those that were accepted in the same moment are in the order of acceptance all the same.
    const requests = lengths.map((_, seq) => ({ ...request(seq), since: 0 }));
    const together = { ...standing([10, 510], lengths), lines: [{ requests }] };
    expect(forecast(together, "w4999").p50).toBe(told.p50);
  });
});

test("how many leave within a time", () => {
  const { occupants } = standing([1, 1, 1, 1], []);
  const leaves = (_: Occupant, u: number) => 1000 * u;
  expect(leavingWithin({ occupants, leaves }, 1000)).toEqual({ expected: 4, p50: 4, p90: 4 });
  const half = leavingWithin({ occupants, leaves }, 500);
  expect(half.expected).toBeGreaterThan(1.5);
  expect(half.expected).toBeLessThan(2.5);
  expect(half.p90).toBeLessThanOrEqual(half.p50);
});
