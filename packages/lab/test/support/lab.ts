import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  instanceName,
  type CreateVmInput,
  type VmEvent,
  type VmRecord,
  type VmState,
} from "@tartfleet/shared";
import type { FakeGitHub, FakeJob, SimHost } from "@tartfleet/tart-sim";
import { startFleet, type Fleet, type FleetOptions } from "../../src/fleet/fleet.ts";
import type { FleetHost } from "../../src/fleet/host.ts";
import { until } from "../../src/fleet/until.ts";

export const IMAGE = "registry.example.com/macos/runner:latest";
/** No host has it in its cache. */
export const NOT_CACHED = "registry.example.com/macos/not-cached:latest";
/** Hosts have the first in their cache; other images must be pulled. */
export const IMAGES = [IMAGE, NOT_CACHED].map((image) => ({
  name: image.replace(":latest", ""),
  compressedGB: 0.1,
}));

/** `LAB_ENGINE=process` has the tests' guests made of something else than the best that there is. */
const engine = process.env["LAB_ENGINE"];

/**
 * Starts a fleet whose hosts have the image already, with short grace times. Hosts fail here on purpose, again and
 * again, and are not closed for it.
 */
export async function startLab(options: FleetOptions = {}): Promise<Fleet> {
  const { sim, controlPlane, agent, ...rest } = options;
  return startFleet({
    speed: 100,
    ...(engine === "process" || engine === "bwrap" ? { engine } : {}),
    ...rest,
    controlPlane: {
      "exit-settle-seconds": 1,
      "hook-grace-seconds": 60,
      "breaker-rest-seconds": 0,
      ...controlPlane,
    },
    agent: (index) => ({ "look-seconds": 1, ...(typeof agent === "function" ? agent(index) : agent) }),
    sim: (index) => ({ images: IMAGES, cached: [IMAGE], ...sim?.(index) }),
  });
}

/** The body that asks for a VM whose GitHub runner takes this job, of the VM's name. */
export function githubVm(github: FakeGitHub, name: string, job: FakeJob = {}): CreateVmInput {
  const { encodedJitConfig } = github.createJitConfig({
    name,
    labels: ["macOS"],
    job: { flushSeconds: 0.5, ...job, name },
  });
  return {
    image: IMAGE,
    name,
    jobId: `job-of-${name}`,
    runner: { kind: "github", jitConfig: encodedJitConfig },
  };
}

/** The body that asks for a VM which runs a script. */
export function scriptVm(script: string, parts: Partial<CreateVmInput> = {}): CreateVmInput {
  return { image: IMAGE, runner: { kind: "script", script }, ...parts };
}

/** Waits until a VM has been in one of these states (and is), or has ended. */
export async function inState(fleet: Fleet, id: string, ...states: VmState[]): Promise<VmRecord> {
  return until(`VM ${id} to be ${states.join(" or ")}`, async () => {
    const vm = await fleet.api.getVm(id);
    if (states.includes(vm.state)) return vm;
    if (vm.endedAt !== null) throw new Error(`VM ${id} has ended: ${JSON.stringify(vm.end)}`);
    return undefined;
  });
}

/** Waits until a VM's job runs. */
export async function atWork(fleet: Fleet, id: string): Promise<VmRecord> {
  return until(`the job of VM ${id} to start`, async () => {
    const vm = await fleet.api.getVm(id);
    if (vm.endedAt !== null) throw new Error(`VM ${id} has ended: ${JSON.stringify(vm.end)}`);
    return vm.job.state === "started" ? vm : undefined;
  });
}

/** The states that a VM passed, in order. */
export function statesOf(events: readonly VmEvent[]): VmState[] {
  return events.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]);
}

/** The host of that name. */
export function hostOf(fleet: Fleet, name: string): FleetHost {
  const host = fleet.hosts.find((each) => each.name === name);
  if (!host) throw new Error(`the fleet has no ${name}`);
  return host;
}

/** A file in the home of a VM's guest, as the machine sees it. */
function inGuest(fleet: Fleet, { id, host, attempt }: VmRecord, path: string): string {
  const { tartHome } = hostOf(fleet, host ?? "");
  return join(tartHome, "vms", instanceName(id, attempt), "disk/Users/admin", path);
}

/** A job's script that works until its guest's home has the file that `letGo` makes. */
export const UNTIL_LET_GO = "until [ -e ~/go-on ]; do sleep 0.1; done";

/** Lets a job go on that is `UNTIL_LET_GO`. */
export const letGo = (fleet: Fleet, vm: VmRecord): Promise<void> =>
  writeFile(inGuest(fleet, vm, "go-on"), "");

/** Has a guest ask for its end once alone; it would try for minutes to be heard, and then power itself off. */
export const giveUpSoon = (fleet: Fleet, vm: VmRecord): Promise<void> =>
  appendFile(inGuest(fleet, vm, ".tartfleet/vm.env"), "\nTARTFLEET_EXIT_TRIES=1\n");

/** The simulated Mac of that name. */
export function simOf(fleet: Fleet, name: string): SimHost {
  const { sim } = hostOf(fleet, name);
  if (!sim) throw new Error(`${name} is not simulated`);
  return sim;
}
