import { startFakeGitHub, type FakeGitHub } from "@tartfleet/tart-sim";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fleet } from "../../src/fleet/fleet.ts";
import { atWork, githubVm, inState, scriptVm, startLab } from "../support/lab.ts";

let fleet: Fleet;
let github: FakeGitHub;

beforeAll(async () => {
  [fleet, github] = await Promise.all([startLab({ hosts: 2 }), startFakeGitHub()]);
});

afterAll(async () => {
  const leftovers = await fleet.stop();
  await github.close();
  expect(leftovers).toEqual([]);
});

/** Ends a VM as the Mac would lose it: its `tart run` is killed. */
async function crash(name: string): Promise<void> {
  const host = fleet.hosts.find((each) => each.name === name);
  await host?.sim?.killAll();
}

test.concurrent("a runner that needs long after its hook is waited for", async () => {
  const { id } = await fleet.api.createVm(githubVm(github, "slow-flush", { flushSeconds: 5 }));
  const vm = await fleet.api.waitForVm(id, "ended");
  expect(vm.end?.reason).toBe("runner_exited");
  expect(await github.settled("slow-flush")).toMatchObject({ result: "delivered", conclusion: "success" });
});

test.concurrent("a job whose set-up fails runs no hook: the runner's exit ends the VM", async () => {
  const { id } = await fleet.api.createVm(githubVm(github, "no-hook", { setUpSucceeds: false }));
  const vm = await fleet.api.waitForVm(id, "ended");
  expect(vm.end?.reason).toBe("runner_exited");
  expect((await github.settled("no-hook")).hookOutput.completed).toBeNull();
  const phases = (await fleet.api.vmEvents(id)).flatMap(({ type, data }) =>
    type === "end_announced" ? [data["phase"]] : [],
  );
  expect(phases).toEqual(["runner_exited"]);
});

test.concurrent("a guest that powers itself off in the middle of its job is seen by its host", async () => {
  const { id } = await fleet.api.createVm(scriptVm("sudo shutdown -h now; sleep 60"));
  const vm = await fleet.api.waitForVm(id, "ended");
  expect(vm).toMatchObject({ state: "deleted", end: { reason: "guest_shutdown" } });
});

test.concurrent("a client's DELETE ends a VM at once, also in the middle of its job", async () => {
  const { id } = await fleet.api.createVm(githubVm(github, "unwanted", { seconds: 60 }));
  await atWork(fleet, id);
  await fleet.ci.deleteVm(id);
  const vm = await fleet.api.waitForVm(id, "ended");
  expect(vm.end?.reason).toBe("client");
  expect(vm.end?.message).toMatch(/ci/);
});

test("a VM whose tart run dies in the middle of its job has crashed, and its slot is free again", async () => {
  const { id } = await fleet.api.createVm(githubVm(github, "crashes", { seconds: 60 }));
  const { host } = await atWork(fleet, id);
  await crash(host ?? "");
  const vm = await fleet.api.waitForVm(id, "ended");
  expect(vm).toMatchObject({ state: "failed", end: { reason: "guest_crashed" } });
  expect((await github.settled("crashes")).result).toBe("lost");
});

test("a VM without a runner lives until its time is over", async () => {
  const { id } = await fleet.api.createVm({ ...scriptVm(""), runner: undefined, ttlSeconds: 8 });
  await inState(fleet, id, "ready");
  expect((await fleet.api.waitForVm(id, "ended")).end?.reason).toBe("ttl");
});
