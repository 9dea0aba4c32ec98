import type { CreateVmInput, VmRecord } from "@tartfleet/shared";
import type { Fault } from "@tartfleet/tart-sim";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { hostOf, IMAGES, NOT_CACHED, scriptVm, simOf } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

/** Only mac-1 has these, so that the first attempt of a VM with one is made there; each is good for one VM. */
const ON_FIRST = [1, 2, 3, 4].map((n) => `registry.example.com/macos/first-${n}:latest`);
const unused = [...ON_FIRST];
const onFirst = (): CreateVmInput => ({ ...scriptVm("exit 0"), image: unused.pop() ?? "none is left" });

const lab = useLab({
  hosts: 2,
  controlPlane: { "pull-stall-seconds": 4, "max-attempts": 2 },
  agent: { "boot-timeout-seconds": 8, "slot-timeout-seconds": 1, "look-seconds": 0.5 },
  sim: (index) => ({
    images: [
      ...IMAGES,
      ...ON_FIRST.map((image) => ({ name: image.replace(":latest", ""), compressedGB: 0.1 })),
    ],
    cached: index === 0 ? ON_FIRST : [],
  }),
});

afterEach(() => {
  for (const { name } of lab.fleet.hosts) simOf(lab.fleet, name).setFaults([]);
});

// A failed attempt may outlive its VM on its host, and a host with fewer free slots is not the first choice.
beforeEach(() =>
  until("every slot to be free", async () => (await lab.fleet.api.capacity()).slots.free === 4),
);

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

test.each<{ what: string; faults: Fault[]; code: string }>([
  { what: "a full disk", faults: [{ action: "disk-full", match: { cmd: "clone" } }], code: "host_disk_full" },
  { what: "a start that fails", faults: [{ action: "start-failure" }], code: "start_failed" },
  {
    what: "a guest that never answers",
    faults: [{ action: "agent-never" }, { action: "sshd-never" }],
    code: "guest_unreachable",
  },
])("after $what the second attempt is made on the other host", async ({ faults, code }) => {
  simOf(lab.fleet, "mac-1").setFaults(faults);
  const { vm, failures } = await live(onFirst());
  expect(failures).toEqual([code]);
  expect(vm).toMatchObject({ host: "mac-2", attempt: 2, end: { reason: "runner_exited" } });
});

test("an image that does not exist is not asked for twice", async () => {
  const { vm, failures } = await live({ ...scriptVm("exit 0"), image: "registry.example.com/macos/typo:1" });
  expect(failures).toEqual(["image_not_found"]);
  expect(vm).toMatchObject({
    state: "failed",
    attempt: 1,
    end: { reason: "start_failed", error: { code: "image_not_found" } },
  });
  expect(vm.end?.message).toMatch(/no such image/);
});

test("a pull that stands still is given up, on every host", async () => {
  for (const { name } of lab.fleet.hosts)
    simOf(lab.fleet, name).setFaults([{ action: "stall", match: { cmd: "pull" }, percent: 20 }]);
  const { vm, failures } = await live({ ...scriptVm("exit 0"), image: NOT_CACHED });
  expect(failures).toEqual(["phase_timeout", "phase_timeout"]);
  expect(vm).toMatchObject({
    state: "failed",
    attempt: 2,
    end: { reason: "start_failed", error: { facts: { phase: "pulling" } } },
  });
});

test("a host that macOS refuses another VM, though none is seen, is left alone until it can be trusted again", async () => {
  simOf(lab.fleet, "mac-1").setFaults([{ action: "limit-exceeded" }]);
  const { vm, failures } = await live(onFirst());
  expect(failures).toEqual(["vm_limit_reached"]);
  expect(vm).toMatchObject({ host: "mac-2", attempt: 2, end: { reason: "runner_exited" } });
  expect((await lab.fleet.api.capacity()).slots).toMatchObject({ total: 4, phantom: 2, free: 2 });

  simOf(lab.fleet, "mac-1").setFaults([]);
  await hostOf(lab.fleet, "mac-1").agent.restart();
  await until("the slots to be free again", async () => (await lab.fleet.api.capacity()).slots.free === 4);
});
