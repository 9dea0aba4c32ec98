import { startFakeGitHub, type FakeGitHub } from "@tartfleet/tart-sim";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fleet } from "../../src/fleet/fleet.ts";
import { githubVm, startLab } from "../support/lab.ts";

let fleet: Fleet;
let github: FakeGitHub;

beforeAll(async () => {
  [fleet, github] = await Promise.all([
    startLab({ controlPlane: { "hook-grace-seconds": 1 } }),
    startFakeGitHub({ lockSeconds: 2 }),
  ]);
});

afterAll(async () => {
  const leftovers = await fleet.stop();
  await github.close();
  expect(leftovers).toEqual([]);
});

test("a runner that does not exit within the grace is ended, and the reason says so", async () => {
  const { id } = await fleet.api.createVm(githubVm(github, "stuck", { flushSeconds: 60 }));
  expect((await fleet.api.waitForVm(id, "ended")).end?.reason).toBe("hook_grace_forced");
  // The very thing that the grace is there against: a runner killed in its hook turns a green job red.
  expect(await github.settled("stuck")).toMatchObject({ result: "lost", conclusion: "failure" });
});
