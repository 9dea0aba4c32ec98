import { expect, test } from "vitest";
import { makePlan } from "../src/plan/make-plan.ts";
import { simulate } from "../src/run.ts";

test("the same seed gives the same trace, byte for byte", async () => {
  const run = () => simulate("1", makePlan("1", { hosts: 2, actions: 30 }));
  const [first, second] = [await run(), await run()];
  expect(first.trace.length).toBeGreaterThan(100);
  expect(second.trace.join("\n")).toBe(first.trace.join("\n"));
});
