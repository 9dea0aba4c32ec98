import { expect, test } from "vitest";
import { atWork, githubVm, inState, scriptVm, simOf } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab({ hosts: 2 });

test.concurrent("a runner that needs long after its hook is waited for", async () => {
  const { id } = await lab.fleet.api.createVm(githubVm(lab.github, "slow-flush", { flushSeconds: 5 }));
  const vm = await lab.fleet.api.waitForVm(id, "ended");
  expect(vm.end?.reason).toBe("runner_exited");
  expect(await lab.github.settled("slow-flush")).toMatchObject({
    result: "delivered",
    conclusion: "success",
  });
});

test.concurrent("a job whose set-up fails runs no hook: the runner's exit ends the VM", async () => {
  const { id } = await lab.fleet.api.createVm(githubVm(lab.github, "no-hook", { setUpSucceeds: false }));
  const vm = await lab.fleet.api.waitForVm(id, "ended");
  expect(vm.end?.reason).toBe("runner_exited");
  expect((await lab.github.settled("no-hook")).hookOutput.completed).toBeNull();
  const phases = (await lab.fleet.api.vmEvents(id)).flatMap(({ type, data }) =>
    type === "end_announced" ? [data["phase"]] : [],
  );
  expect(phases).toEqual(["runner_exited"]);
});

test.concurrent("a guest that powers itself off in the middle of its job is seen by its host", async () => {
  const { id } = await lab.fleet.api.createVm(scriptVm("sleep 2; sudo shutdown -h now; sleep 60"));
  const vm = await lab.fleet.api.waitForVm(id, "ended");
  expect(vm).toMatchObject({ state: "deleted", end: { reason: "guest_shutdown" } });
});

test.concurrent("a job that powers its guest off before its host could say ready is not run again", async () => {
  const { id } = await lab.fleet.api.createVm(scriptVm("sudo shutdown -h now; sleep 60"));
  const vm = await lab.fleet.api.waitForVm(id, "ended");
  expect(vm).toMatchObject({ state: "deleted", attempt: 1, end: { reason: "guest_shutdown" } });
});

test.concurrent("a client's DELETE ends a VM at once, also in the middle of its job", async () => {
  const { id } = await lab.fleet.api.createVm(githubVm(lab.github, "unwanted", { seconds: 60 }));
  await atWork(lab.fleet, id);
  await lab.fleet.ci.deleteVm(id);
  const vm = await lab.fleet.api.waitForVm(id, "ended");
  expect(vm.end?.reason).toBe("client");
  expect(vm.end?.message).toMatch(/token lab/);
});

test("a VM whose tart run dies in the middle of its job has crashed, and its slot is free again", async () => {
  const { id } = await lab.fleet.api.createVm(githubVm(lab.github, "crashes", { seconds: 60 }));
  const { host } = await atWork(lab.fleet, id);
  await simOf(lab.fleet, host ?? "").killAll();
  const vm = await lab.fleet.api.waitForVm(id, "ended");
  expect(vm).toMatchObject({ state: "failed", end: { reason: "guest_crashed" } });
  expect((await lab.github.settled("crashes")).result).toBe("lost");
});

test("a VM without a runner lives until its time is over", async () => {
  const { id } = await lab.fleet.api.createVm({ ...scriptVm(""), runner: undefined, ttlSeconds: 8 });
  await inState(lab.fleet, id, "ready");
  expect((await lab.fleet.api.waitForVm(id, "ended")).end?.reason).toBe("ttl");
});
