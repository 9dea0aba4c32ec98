import { instanceName, type VmRecord } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { atWork, githubVm, hostOf, inState, simOf } from "../support/lab.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab({ hosts: 1, speed: 8 });

const allSlotsFree = () =>
  until("every slot to be free", async () => {
    const { slots } = await lab.fleet.api.capacity();
    return slots.free === slots.total;
  });

/** Asks for a VM and waits until its instance is one that runs, by its Mac's word. */
async function thatBoots(name: string): Promise<VmRecord> {
  const { id } = await lab.fleet.api.createVm(githubVm(lab.github, name));
  const vm = await inState(lab.fleet, id, "booting");
  await until("tart to run it", () => simOf(lab.fleet, "mac-1").running().includes(instanceName(id, 1)));
  return vm;
}

/** All processes of the Mac end at once; its agent is started again, as launchd would. */
async function reboot(): Promise<void> {
  await hostOf(lab.fleet, "mac-1").agent.kill("SIGKILL");
  await simOf(lab.fleet, "mac-1").killAll();
  await hostOf(lab.fleet, "mac-1").agent.start();
}

test("of a host that reboots, a VM at work has crashed, one that booted is tried again, and no slot stays taken", async () => {
  const { api } = lab.fleet;
  const works = await api.createVm(githubVm(lab.github, "works", { seconds: 600 }));
  await atWork(lab.fleet, works.id);
  const boots = await thatBoots("boots");
  const waits = await api.createVm(githubVm(lab.github, "waits"));

  await reboot();
  const since = stopwatch("after a host's reboot");
  expect(await api.waitForVm(works.id, "ended")).toMatchObject({
    state: "failed",
    attempt: 1,
    end: { reason: "guest_crashed", message: expect.stringContaining("its host restarted") },
  });
  since.tell("the VM that was at work has ended");
  expect(await api.waitForVm(boots.id, "ended")).toMatchObject({
    attempt: 2,
    end: { reason: "runner_exited" },
  });
  expect(await api.waitForVm(waits.id, "ended")).toMatchObject({
    attempt: 1,
    end: { reason: "runner_exited" },
  });
  since.tell("the VMs that were not ready have run their jobs");
  await allSlotsFree();
  for (const name of ["boots", "waits"]) {
    expect(await lab.github.settled(name)).toMatchObject({ result: "delivered", conclusion: "success" });
  }
});

test("a tart run that somebody kills while it boots is tried again, and its slot is not lost", async () => {
  const { id } = await thatBoots("killed");
  await simOf(lab.fleet, "mac-1").killAll();
  const since = stopwatch("after the kill of a tart run that boots");
  expect(await lab.fleet.api.waitForVm(id, "ended")).toMatchObject({
    attempt: 2,
    end: { reason: "runner_exited" },
  });
  since.tell("the second attempt has run the job");
  await allSlotsFree();
  expect(await lab.github.settled("killed")).toMatchObject({ result: "delivered", conclusion: "success" });
});

test("a runner that is killed in its guest ends its VM", async () => {
  const job = { script: "kill -9 $PPID; sleep 60" };
  const { id } = await lab.fleet.api.createVm(githubVm(lab.github, "runner-killed", job));
  expect(await lab.fleet.api.waitForVm(id, "ended")).toMatchObject({
    attempt: 1,
    end: { reason: "runner_exited" },
  });
  expect(await lab.github.settled("runner-killed")).toMatchObject({ result: "lost", conclusion: "failure" });
});
