import { describe, expect, test } from "vitest";
import { carryOut } from "../src/conformance/carry-out.ts";
import { checks } from "../src/conformance/checks.ts";
import { mac, simBench } from "./support/sim-bench.ts";

test("the suite has the contract's 27 checks", () => {
  expect(checks.map(({ number }) => number)).toEqual(Array.from({ length: 27 }, (_, index) => index + 1));
});

describe.concurrent.each(["2.34.0", "2.35.0", "2.40.1"])("tart-sim as tart %s", (version) => {
  test("keeps every promise of the contract", async () => {
    await using bench = await simBench({ version, cached: [mac] });
    const broken: string[] = [];
    for (const check of checks) {
      const verdict = await carryOut(check, { ...bench, tidy: () => tidy(bench) }, 60_000);
      if (verdict.kind !== "kept") broken.push(`${check.number} ${check.title}\n${verdict.why}`);
    }
    expect(broken).toEqual([]);
  });
});

const tidy = (bench: Awaited<ReturnType<typeof simBench>>): Promise<void> => bench.host.killAll();
