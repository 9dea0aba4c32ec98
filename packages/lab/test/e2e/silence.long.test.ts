import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { atWork, githubVm, hostOf, IMAGE, inState, statesOf } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab({
  hosts: 2,
  speed: 8,
  controlPlane: { "heartbeat-seconds": 1, "lease-seconds": 2, "silent-grace-seconds": 2 },
  // Only mac-1 has the image: VMs go there as long as it is connected.
  sim: (index) => ({ cached: index === 0 ? [IMAGE] : [] }),
});

test("of a host that falls silent, what works is waited for, and what boots is tried elsewhere", async () => {
  const { api } = lab.fleet;
  const works = await api.createVm(githubVm(lab.github, "works", { seconds: 10 }));
  await atWork(lab.fleet, works.id);
  const boots = await api.createVm(githubVm(lab.github, "boots"));
  await inState(lab.fleet, boots.id, "booting");
  await hostOf(lab.fleet, "mac-1").agent.kill("SIGKILL");

  const placedAgain = await until("the second attempt", async () => {
    const vm = await api.getVm(boots.id);
    return vm.host === "mac-2" ? vm : undefined;
  });
  expect(placedAgain.attempt).toBe(2);
  const waits = await api.getVm(works.id);
  expect(waits).toMatchObject({ state: "ready", host: "mac-1", attempt: 1 });
  expect(waits.unreachableSince).not.toBeNull();
  expect((await api.capacity()).slots).toMatchObject({ total: 4, unreachable: 2 });

  expect(await api.waitForVm(boots.id, "ended")).toMatchObject({
    attempt: 2,
    end: { reason: "runner_exited" },
  });
  await hostOf(lab.fleet, "mac-1").agent.start();
  expect(await api.waitForVm(works.id, "ended")).toMatchObject({
    attempt: 1,
    end: { reason: "runner_exited" },
  });
  expect(statesOf(await api.vmEvents(works.id)).filter((state) => state === "booting")).toHaveLength(1);
  for (const name of ["works", "boots"]) {
    const jobs = lab.github.jobs().filter((job) => job.name === name);
    expect(jobs).toMatchObject([{ result: "delivered", conclusion: "success" }]);
  }
  await until("all slots to be free again", async () => (await api.capacity()).slots.free === 4);
  expect(await readdir(join(hostOf(lab.fleet, "mac-1").tartHome, "vms"))).toEqual([]);
});
