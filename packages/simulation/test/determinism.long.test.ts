import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { makePlan } from "../src/plan/make-plan.ts";
import { simulate } from "../src/run.ts";

const SIZE = { hosts: 2, actions: 40 };

test("the same seed gives the same trace, byte for byte, and another seed another one", async () => {
  const run = (seed: string) => simulate(seed, makePlan(seed, SIZE));
  const [first, again, other] = [await run("7"), await run("7"), await run("8")];
  expect(first.trace.length).toBeGreaterThan(200);
  expect(again.trace.join("\n")).toBe(first.trace.join("\n"));
  expect(again.steps).toBe(first.steps);
  expect(other.digest).not.toBe(first.digest);
});

test("in another process too", async () => {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const argv = ["--from", "7", "--seeds", "1", "--steps", "40", "--hosts", "2", "--trace"];
  const traceOf = async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...argv], { maxBuffer: 1 << 26 });
    return stdout.split("\n").filter((line) => /^\d+:\d\d:/.test(line));
  };
  const [one, two] = await Promise.all([traceOf(), traceOf()]);
  expect(one.join("\n")).toBe(two.join("\n"));
  const here = await simulate("7", makePlan("7", SIZE));
  expect(one).toEqual(here.trace);
});
