import { expect, it } from "vitest";
import { makeCalibration } from "../src/frame/calibration.ts";
import { lineOf, tableOf } from "../src/frame/print.ts";
import { summarise } from "../src/frame/result.ts";
import { measureRounds } from "../src/frame/rounds.ts";
import { atMost, type Scenario } from "../src/frame/scenario.ts";
import { overloadIn } from "../src/load/overload.ts";

const scenario: Scenario = {
  name: "reads",
  about: "",
  figures: [
    { name: "p99", unit: "ms", aim: atMost("value", 25) },
    { name: "lost", unit: "VMs", isCount: true, aim: atMost("value", 0) },
  ],
  run: async () => [],
};

const USUAL = [100, 101, 99, 100, 100];

/** A machine that is so fast at one look after the other, and as usual from then on. */
function machine(...speeds: number[]) {
  const looks = [...USUAL, ...speeds];
  return makeCalibration(() => looks.shift() ?? 100, 0);
}

it("waits with a round until the machine is as fast as it mostly is", async () => {
  const speeds = [...USUAL, 80, 70, 97, 100];
  const calibration = makeCalibration(() => speeds.shift() ?? 100, 0);
  const left = await measureRounds(1, async () => [{ figure: "p99", value: speeds.length }], calibration);

  expect(left).toEqual([{ figure: "p99", value: 1 }]);
});

it("measures all the same on a machine that stays busy, and says so instead of a verdict", async () => {
  const busy = machine(...Array.from({ length: 10 }, (_, look) => (look % 2 === 0 ? 50 : 200)));
  const invalid = "the machine was busy with something else";
  const measure = async (round: number) => [
    { figure: "p99", value: round, invalid: undefined },
    { figure: "lost", value: 1 },
  ];
  const samples = await measureRounds(2, measure, busy);

  expect(samples.filter(({ figure }) => figure === "p99")).toEqual([
    { figure: "p99", value: 0, invalid },
    { figure: "p99", value: 1, invalid: undefined },
  ]);
  expect(summarise(scenario, 1, samples)).toMatchObject([
    { met: null, invalid },
    { met: false, invalid: null },
  ]);
});

it("takes a figure as invalid when the load was what bounded it", () => {
  const calls = { answered: [], failed: {}, seconds: 1 };
  expect(overloadIn({ ...calls, cpu: 0.8 })).toBeUndefined();
  const invalid = overloadIn({ ...calls, cpu: 0.3 }, { ...calls, cpu: 0.93 });
  const results = summarise(scenario, 1, [
    { figure: "p99", value: 1 },
    { figure: "p99", value: 1, invalid },
  ]);

  expect(results).toMatchObject([{ met: null, invalid: "the load took 0.93 of a core" }]);
  expect(results.map(lineOf).join()).toContain("INVALID: the load took 0.93 of a core");
  expect(tableOf(results).split("\n").at(-1)).toBe(
    "| `reads p99 1x` | 1 ms ±0 % | – | – | INVALID: the load took 0.93 of a core |",
  );
});
