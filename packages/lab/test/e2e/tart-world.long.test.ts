import type { CreateVmInput, VmRecord } from "@tartfleet/shared";
import { startFakeGitHub, type Fault } from "@tartfleet/tart-sim";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { instanceDirectories } from "../../src/fleet/leftovers.ts";
import { until } from "../../src/fleet/until.ts";
import {
  atWork,
  githubVm,
  hostOf,
  IMAGE,
  IMAGES,
  inState,
  letGo,
  scriptVm,
  simOf,
  UNTIL_LET_GO,
} from "../support/lab.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab({
  hosts: 2,
  controlPlane: { "clone-timeout-seconds": 8, "pull-stall-seconds": 5, "max-attempts": 2 },
  agent: (index) => ({ "boot-timeout-seconds": 8, "look-seconds": 0.5, label: `mac-${index + 1}=yes` }),
  // At this speed of the simulation a gigabyte takes a second.
  sim: () => ({ host: { profile: { pullMBps: 10 } } }),
});

let lodger = "";
beforeAll(async () => {
  // Takes a slot of the second Mac: the first one has more room, so that every first attempt is made there.
  const { id } = await lab.fleet.api.createVm({ image: IMAGE, hostLabels: { "mac-2": "yes" } });
  lodger = id;
  await inState(lab.fleet, id, "ready");
});

afterAll(async () => {
  await lab.fleet.api.deleteVm(lodger);
  await lab.fleet.api.waitForVm(lodger, "ended");
});

afterEach(() => {
  for (const { name } of lab.fleet.hosts) simOf(lab.fleet, name).setFaults([]);
});

let images = 0;
/** An image that no host has yet, of a registry that both can reach. */
function newImage(compressedGB = 0.1): string {
  images += 1;
  const name = `registry.example.com/macos/image-${images}`;
  for (const host of lab.fleet.hosts)
    simOf(lab.fleet, host.name).setImages([...IMAGES, { name, compressedGB }]);
  return `${name}:latest`;
}

/** A VM's whole life, and the code of every attempt that failed. */
async function live(body: CreateVmInput): Promise<{ vm: VmRecord; failures: string[] }> {
  const { id } = await lab.fleet.api.createVm(body);
  const vm = await lab.fleet.api.waitForVm(id, "ended");
  const events = await lab.fleet.api.vmEvents(id);
  const failures = events
    .filter(({ type }) => type === "attempt_failed")
    .map(({ data }) => (data as { error: { code: string } }).error.code);
  return { vm, failures };
}

const pull = (fault: Fault): Fault => ({ ...fault, match: { ...fault.match, cmd: "pull" } });

test.each<{ what: string; fault: Fault; code: string }>([
  { what: "a disk that is full", fault: { action: "disk-full" }, code: "host_disk_full" },
  {
    what: "a registry that is down (503)",
    fault: { action: "http-status", code: 503 },
    code: "registry_unreachable",
  },
  {
    what: "a registry that has had enough (429)",
    fault: { action: "http-status", code: 429 },
    code: "registry_unreachable",
  },
  {
    what: "a registry that refuses (401)",
    fault: { action: "http-status", code: 401 },
    code: "image_auth_failed",
  },
])("a pull that fails by $what is made on the other host", async ({ what, fault, code }) => {
  simOf(lab.fleet, "mac-1").setFaults([pull(fault)]);
  const since = stopwatch(`from ${what}`);
  const { vm, failures } = await live({ ...scriptVm("exit 0"), image: newImage() });
  since.tell("the VM has run on the other host, from its request on");
  expect(failures).toEqual([code]);
  expect(vm).toMatchObject({ host: "mac-2", attempt: 2, end: { reason: "runner_exited" } });
  expect(await instanceDirectories([hostOf(lab.fleet, "mac-1").tartHome])).toEqual([]);
  expect((await lab.fleet.api.capacity()).slots.free).toBe(3);
});

test("a pull that loses its network for a while goes on, in the same attempt", async () => {
  simOf(lab.fleet, "mac-1").setFaults([pull({ action: "network-loss", match: { nth: 1, times: 2 } })]);
  const { vm, failures } = await live({ ...scriptVm("exit 0"), image: newImage() });
  expect(failures).toEqual([]);
  expect(vm).toMatchObject({ host: "mac-1", attempt: 1, end: { reason: "runner_exited" } });
});

test("a slow pull is waited for as long as it moves", async () => {
  const { vm, failures } = await live({ ...scriptVm("exit 0"), image: newImage(8) });
  expect(failures).toEqual([]);
  expect(vm).toMatchObject({ host: "mac-1", attempt: 1, end: { reason: "runner_exited" } });
});

test("a digest that the registry does not have is not asked for twice", async () => {
  const image = newImage().replace(":latest", `@sha256:${"0".repeat(64)}`);
  const { vm, failures } = await live({ ...scriptVm("exit 0"), image });
  expect(failures).toEqual(["image_not_found"]);
  expect(vm).toMatchObject({ state: "failed", attempt: 1, end: { reason: "start_failed" } });
});

test("a clone that hangs is given up and made on the other host; the slot is free again", async () => {
  simOf(lab.fleet, "mac-1").setFaults([{ action: "hang", match: { cmd: "clone" } }]);
  const { vm, failures } = await live(scriptVm("exit 0"));
  expect(failures).toEqual(["phase_timeout"]);
  expect(vm).toMatchObject({ host: "mac-2", attempt: 2, end: { reason: "runner_exited" } });
  await until("the first host's slot", async () => (await lab.fleet.api.capacity()).slots.free === 3);
});

test("a run that is deaf to being stopped is killed, and its slot freed only then", async () => {
  simOf(lab.fleet, "mac-1").setFaults([
    { action: "ignore-sigint" },
    // The guest does not take the order to shut down either.
    { action: "exec-transport-error", match: { cmd: "exec", nth: 3, times: 1e6 } },
  ]);
  const { id } = await lab.fleet.api.createVm({ image: IMAGE });
  await inState(lab.fleet, id, "ready");
  await lab.fleet.api.deleteVm(id);
  expect((await lab.fleet.api.waitForVm(id, "ended")).end?.reason).toBe("client");
  expect(simOf(lab.fleet, "mac-1").running()).toEqual([]);
});

test("a list that cannot be had says nothing about VMs: what works goes on, what ends is seen to end later", async () => {
  const { api } = lab.fleet;
  const { id } = await api.createVm(githubVm(lab.github, "unlisted", { script: UNTIL_LET_GO }));
  const vm = await atWork(lab.fleet, id);
  simOf(lab.fleet, "mac-1").setFaults([{ action: "dyld-abort", match: { cmd: "list" } }]);
  await letGo(lab.fleet, vm);
  expect(await lab.github.settled("unlisted")).toMatchObject({ result: "delivered", conclusion: "success" });
  await inState(lab.fleet, id, "stopping");
  expect((await api.capacity()).slots.free).toBe(2);
  simOf(lab.fleet, "mac-1").setFaults([]);
  const since = stopwatch("after tart could not list");
  expect(await api.waitForVm(id, "ended")).toMatchObject({ attempt: 1, end: { reason: "runner_exited" } });
  since.tell("the VM that had ended meanwhile is gone");
});

test("a guest without an address is reached all the same; one that answers nothing is tried elsewhere", async () => {
  simOf(lab.fleet, "mac-1").setFaults([{ action: "no-ip" }]);
  const mute = await live(scriptVm("exit 0"));
  expect(mute).toMatchObject({
    failures: [],
    vm: { host: "mac-1", attempt: 1, end: { reason: "runner_exited" } },
  });
  simOf(lab.fleet, "mac-1").setFaults([{ action: "no-ip" }, { action: "agent-never" }]);
  const deaf = await live(scriptVm("exit 0"));
  expect(deaf).toMatchObject({
    failures: ["guest_unreachable"],
    vm: { host: "mac-2", attempt: 2, end: { reason: "runner_exited" } },
  });
});

test("a runner that never registers ends its VM, by its exit or by the time to live", async () => {
  const former = await startFakeGitHub();
  const { encodedJitConfig: forgotten } = former.createJitConfig({ name: "forgotten", labels: [] });
  await former.close();
  await using github = await startFakeGitHub({ port: Number(new URL(former.url).port) });
  const { encodedJitConfig: idle } = github.createJitConfig({ name: "idle", labels: [] });
  const runs = (jitConfig: string): CreateVmInput => ({
    image: IMAGE,
    runner: { kind: "github", jitConfig },
    ttlSeconds: 20,
  });
  const [refused, waiting] = await Promise.all([live(runs(forgotten)), live(runs(idle))]);
  expect(refused.vm).toMatchObject({ end: { reason: "runner_exited" }, job: { state: "none" } });
  expect(waiting.vm).toMatchObject({ end: { reason: "ttl" }, job: { state: "none" } });
});
