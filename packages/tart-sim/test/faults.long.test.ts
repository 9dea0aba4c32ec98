import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { need } from "../src/conformance/bench.ts";
import { faultKinds } from "../src/host/faults.ts";
import { type FaultKind, tartPath } from "../src/index.ts";
import { anyCommandScenes } from "./fault-scenes/any-command.ts";
import { guestScenes } from "./fault-scenes/guest.ts";
import { listingScenes } from "./fault-scenes/listing.ts";
import { registryScenes } from "./fault-scenes/registry.ts";
import type { Scene } from "./fault-scenes/scenes.ts";
import { startScenes } from "./fault-scenes/start.ts";
import { linux, simBench } from "./support/sim-bench.ts";

const scenes: Record<FaultKind, Scene> = {
  ...anyCommandScenes,
  ...startScenes,
  ...guestScenes,
  ...registryScenes,
  ...listingScenes,
};

describe.concurrent("the fault", () => {
  test.each(Object.keys(faultKinds) as FaultKind[])("%s is seen as it is on a Mac", async (action) => {
    const { given = {}, scene } = scenes[action];
    await using bench = await simBench();
    bench.host.setFaults([{ ...given, action }]);
    await scene(bench);
  });
});

describe("faults.json", () => {
  test("hits the matching invocations alone, and is read anew each time", async () => {
    await using bench = await simBench();
    const noise = /^Failed to perform garbage collection/;
    bench.host.setFaults([{ match: { cmd: "list", nth: 2, times: 2 }, action: "gc-noise" }]);
    const stderr = [];
    for (let count = 0; count < 4; count++) stderr.push((await bench.tart(["list"])).stderr);
    expect(stderr.map((text) => noise.test(text))).toEqual([false, true, true, false]);
    bench.host.setFaults([{ match: { vm: "^tf-" }, action: "gc-noise" }]);
    expect((await bench.tart(["get", "tf-1"])).stderr).toMatch(noise);
    expect((await bench.tart(["get", "other"])).stderr).not.toMatch(noise);
    bench.host.setFaults([{ match: { image: "mac:1" }, action: "stall", percent: 0 }]);
    need(await bench.tart(["pull", linux]), 0);
  });

  test.each([
    ["{", "is not JSON"],
    ['[{ "action": "no-such" }]', 'unknown action "no-such"'],
    ['[{ "action": "no-ip", "ms": 5 }]', 'no-ip takes no "ms"'],
    ['[{ "action": "slow", "ms": "5" }]', '"ms" has the wrong type'],
    ['[{ "action": "slow", "match": { "name": "x" } }]', '"name" is unknown'],
  ])("holding %s is refused aloud", async (text, words) => {
    await using bench = await simBench({ cached: [] });
    writeFileSync(join(bench.host.hostDir, "faults.json"), text);
    const refused = await bench.tart(["list"]);
    expect(refused.code).toBe(78);
    expect(refused.stderr).toContain(words);
  });

  test("setFaults refuses what the command would refuse", async () => {
    await using bench = await simBench({ cached: [] });
    expect(() => bench.host.setFaults([{ action: "no-ip", ms: 5 }])).toThrow('no-ip takes no "ms"');
  });
});

test("the executable is where the door says", () => {
  expect(existsSync(tartPath)).toBe(true);
});
