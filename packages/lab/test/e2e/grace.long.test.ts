import { expect, test } from "vitest";
import { githubVm } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab({ controlPlane: { "hook-grace-seconds": 1 } }, { lockSeconds: 2 });

test("a runner that does not exit within the grace is ended, and the reason says so", async () => {
  const { id } = await lab.fleet.api.createVm(githubVm(lab.github, "stuck", { flushSeconds: 60 }));
  expect((await lab.fleet.api.waitForVm(id, "ended")).end?.reason).toBe("hook_grace_forced");
  // The very thing that the grace is there against: a runner killed in its hook turns a green job red.
  expect(await lab.github.settled("stuck")).toMatchObject({ result: "lost", conclusion: "failure" });
});
