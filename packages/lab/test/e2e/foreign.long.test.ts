import { tartPath } from "@tartfleet/tart-sim";
import { execa } from "execa";
import { expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { IMAGE, scriptVm, simOf } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab({ agent: { "look-seconds": 0.5, "orphan-grace-seconds": 1 } });

/** What a person types on the Mac. */
const tart = (...args: string[]) =>
  execa(tartPath, args, { env: simOf(lab.fleet, "mac-1").env, extendEnv: false });

test("a person's VM takes a slot, is never touched, and gives the slot back", async () => {
  await tart("clone", IMAGE, "someones");
  const run = tart("run", "--no-graphics", "someones");
  const slots = async () => (await lab.fleet.api.capacity()).slots;
  await until("the person's VM to be counted", async () => (await slots()).phantom === 1);
  expect((await lab.fleet.api.host("mac-1")).facts?.foreign).toEqual([
    { name: "someones", os: "macos", running: true },
  ]);

  const vms = await Promise.all([1, 2, 3].map(() => lab.fleet.api.createVm(scriptVm("sleep 0.2"))));
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, simOf(lab.fleet, "mac-1").running().length)), 50);
  const ends = await Promise.all(vms.map(({ id }) => lab.fleet.api.waitForVm(id, "ended")));
  clearInterval(watch);
  expect(ends.map(({ end, attempt }) => [end?.reason, attempt])).toEqual(vms.map(() => ["runner_exited", 1]));
  expect(most).toBe(2);

  expect(simOf(lab.fleet, "mac-1").running()).toEqual(["someones"]);
  await tart("stop", "someones");
  await run;
  await until("the slot to be free again", async () => (await slots()).free === 2);
  const { stdout } = await tart("list", "--source", "local", "--quiet");
  expect(stdout).toBe("someones");
});

test("an instance with our prefix that nobody asked for is removed", async () => {
  await tart("clone", IMAGE, "tf-0123456789abcdef-1");
  await until("the orphan to be removed", async () => {
    const { stdout } = await tart("list", "--source", "local", "--quiet");
    return !stdout.includes("tf-");
  });
});
