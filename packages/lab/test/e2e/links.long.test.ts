import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { atWork, githubVm, hostOf, letGo, UNTIL_LET_GO } from "../support/lab.ts";
import { makeDoor, OPEN, SHUT, type Passage } from "../support/door.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { useLab } from "../support/use-lab.ts";

/** One between each agent and the control plane. */
const doors = [await makeDoor(), await makeDoor(), await makeDoor(), await makeDoor()] as const;
const LEASE_SECONDS = 12;

const lab = useLab({
  hosts: doors.length,
  speed: 20,
  controlPlane: {
    "heartbeat-seconds": 1,
    "lease-seconds": LEASE_SECONDS,
    "silent-grace-seconds": 3600,
    "hook-grace-seconds": 3600,
  },
  agent: (index) => ({ label: `mac-${index + 1}=yes` }),
  agentUrl: (index, url) => doors[index]?.to(url) ?? url,
});

afterAll(async () => {
  for (const door of doors) await door[Symbol.asyncDispose]();
});

const vmOn = async (mac: string, name: string) => {
  const body = githubVm(lab.github, name, { script: UNTIL_LET_GO });
  const { id } = await lab.fleet.api.createVm({ ...body, hostLabels: { [mac]: "yes" } });
  return await atWork(lab.fleet, id);
};

const sessions = async (mac: string): Promise<number> =>
  (await hostOf(lab.fleet, mac).agent.logs()).split('"connected to the control plane"').length - 1;

test("a link that is cut for less than a lease is not even noticed", async () => {
  const vm = await vmOn("mac-1", "blip");
  const before = await sessions("mac-1");
  doors[0].set(SHUT);
  // Three heartbeats are missed.
  await sleep(3000);
  expect((await lab.fleet.api.host("mac-1")).connected).toBe(true);
  doors[0].set(OPEN);
  await letGo(lab.fleet, vm);
  expect(await lab.fleet.api.waitForVm(vm.id, "ended")).toMatchObject({
    attempt: 1,
    end: { reason: "runner_exited" },
  });
  expect(await sessions("mac-1")).toBe(before);
});

test("a link that is cut without a word, in either direction or both, is given up by both ends and made anew", async () => {
  const { api } = lab.fleet;
  const cuts: [mac: string, passage: Passage][] = [
    ["mac-2", SHUT],
    ["mac-3", { there: false, back: true }],
    ["mac-4", { there: true, back: false }],
  ];
  const vms = await Promise.all(cuts.map(([mac]) => vmOn(mac, `cut-${mac}`)));
  const before = await Promise.all(cuts.map(([mac]) => sessions(mac)));
  cuts.forEach(([, passage], index) => doors[index + 1]?.set(passage));
  const cut = stopwatch("(not yet) from the cut of a link on");
  for (const [mac] of cuts) {
    await until(`the agent of ${mac} to notice`, async () =>
      (await hostOf(lab.fleet, mac).agent.logs()).includes("not connected to the control plane"),
    );
    await until(`${mac} to be taken for silent`, async () => !(await api.host(mac)).connected);
  }
  cut.tell("both ends of each have noticed");
  // Their jobs end meanwhile: the guests are heard, their hosts are not.
  for (const vm of vms) await letGo(lab.fleet, vm);
  for (const { name } of vms) expect((await lab.github.settled(name)).result).toBe("delivered");
  for (const { id } of vms) {
    const vm = await api.getVm(id);
    expect(vm.endedAt).toBeNull();
    expect(vm.unreachableSince).not.toBeNull();
  }

  doors.forEach((door) => door.set(OPEN));
  const since = stopwatch("after links were cut in one direction or both");
  await until("all hosts to be back", async () => (await api.hosts()).every((host) => host.connected));
  since.tell("all hosts are connected");
  for (const { id } of vms)
    expect(await api.waitForVm(id, "ended")).toMatchObject({ attempt: 1, end: { reason: "runner_exited" } });
  since.tell("all VMs that had ended meanwhile are gone");
  const after = await Promise.all(cuts.map(([mac]) => sessions(mac)));
  after.forEach((count, index) => expect(count).toBeGreaterThan(before[index] ?? 0));
});
