import { expect, test } from "vitest";
import { makePlan } from "../src/plan/make-plan.ts";
import { simulate } from "../src/run.ts";

const SEEDS = Array.from({ length: 12 }, (_, seed) => String(seed + 1));

test.each(SEEDS)(
  "seed %s: whatever happens, every promise is kept, and then the fleet comes to rest",
  async (seed) => {
    const { violation, trace } = await simulate(seed, makePlan(seed, { hosts: 2, actions: 35 }));
    expect(violation, trace.slice(-40).join("\n")).toBeUndefined();
  },
);
