import type { VmRecord } from "@tartfleet/shared";
import type { Fault } from "@tartfleet/tart-sim";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Fleet } from "../../src/fleet/fleet.ts";
import { IMAGE, scriptVm, simOf, startLab } from "../support/lab.ts";

const NOT_CACHED = "registry.example.com/macos/not-cached:latest";
const images = [IMAGE, NOT_CACHED].map((image) => ({
  name: image.replace(":latest", ""),
  compressedGB: 0.1,
}));

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startLab({
    hosts: 2,
    controlPlane: { "pull-stall-seconds": 2, "max-attempts": 2 },
    agent: { "boot-timeout-seconds": 5, "slot-timeout-seconds": 1, "look-seconds": 0.5 },
    // Only mac-1 has the image, so that every first attempt is made there.
    sim: (index) => ({ images, cached: index === 0 ? [IMAGE] : [] }),
  });
});

afterEach(() => {
  for (const { name } of fleet.hosts) simOf(fleet, name).setFaults([]);
});

afterAll(async () => {
  expect(await fleet.stop()).toEqual([]);
});

/** A VM's whole life, and the code of every attempt that failed. */
async function live(
  body: Parameters<Fleet["api"]["createVm"]>[0],
): Promise<{ vm: VmRecord; failures: string[] }> {
  const { id } = await fleet.api.createVm(body);
  const vm = await fleet.api.waitForVm(id, "ended");
  const events = await fleet.api.vmEvents(id);
  const failures = events
    .filter(({ type }) => type === "attempt_failed")
    .map(({ data }) => (data as { error: { code: string } }).error.code);
  return { vm, failures };
}

test.each<{ what: string; fault: Fault; code: string }>([
  { what: "a full disk", fault: { action: "disk-full", match: { cmd: "clone" } }, code: "host_disk_full" },
  { what: "a start that fails", fault: { action: "start-failure" }, code: "start_failed" },
  { what: "the limit reached though nothing runs", fault: { action: "slot-leak" }, code: "vm_limit_reached" },
  { what: "a guest that never answers", fault: { action: "no-ip" }, code: "guest_unreachable" },
])("after $what the second attempt is made on the other host", async ({ fault, code }) => {
  simOf(fleet, "mac-1").setFaults([fault]);
  const { vm, failures } = await live(scriptVm("exit 0"));
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
  expect(vm.end?.message).toContain("registry.example.com/macos/typo:1");
});

test("a pull that stands still is given up, on every host", async () => {
  for (const { name } of fleet.hosts)
    simOf(fleet, name).setFaults([{ action: "stall", match: { cmd: "pull" }, percent: 20 }]);
  const { vm, failures } = await live({ ...scriptVm("exit 0"), image: NOT_CACHED });
  expect(failures).toEqual(["phase_timeout", "phase_timeout"]);
  expect(vm).toMatchObject({
    state: "failed",
    attempt: 2,
    end: { reason: "start_failed", error: { facts: { phase: "pulling" } } },
  });
});
