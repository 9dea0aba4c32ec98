import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { SLOTS_PER_HOST, type VmRecord } from "@tartfleet/shared";
import { startFleet, type Fleet, type FleetOptions } from "../fleet/fleet.ts";
import { scriptsOnly, startGitHub, type CiSystem } from "./ci-system.ts";
import type { Display } from "./display.ts";
import { planJobs, type DemoJob } from "./jobs.ts";
import type { DemoOptions } from "./options.ts";
import { complaints, outcomeOf, type DemoDocument } from "./outcome.ts";
import {
  controlPlaneFlags,
  DEMO_SPEED,
  IMAGE,
  MAC_FROM_GUEST,
  REAL_IMAGE,
  simulatedMac,
} from "./settings.ts";
import { table } from "./table.ts";
import { greeting, howToReach, request } from "./words.ts";

const LOOK_MS = 100;
/** After this it is not slow but stuck. A real Mac may have to pull its image. */
const PATIENCE_MS = { simulated: 180_000, real: 3_600_000 };

export interface DemoEnd {
  document: DemoDocument;
  /** What was wrong; nothing when all went well. */
  wrong: string[];
}

/**
 * Runs the whole demo and ends everything that it started, however it goes.
 *
 * @param signal aborts it, and the call rejects; or, once all VMs have ended, ends the time of `--keep`
 */
export async function runDemo(options: DemoOptions, display: Display, signal: AbortSignal): Promise<DemoEnd> {
  display.say(greeting(options));
  const ci = options.tart ? scriptsOnly() : await startGitHub();
  try {
    display.say(`CI system       ${ci.description}`);
    const fleet = await startFleet(fleetOptions(options, display, signal));
    try {
      return await play(options, { fleet, ci, display, signal });
    } finally {
      await fleet.stop();
    }
  } finally {
    await ci.close();
  }
}

interface Stage {
  fleet: Fleet;
  ci: CiSystem;
  display: Display;
  signal: AbortSignal;
}

async function play(options: DemoOptions, stage: Stage): Promise<DemoEnd> {
  const { fleet, ci, display, signal } = stage;
  const jobs = planJobs(options.vms, options.seed);
  display.say(request(jobs.length, fleet.hosts.length));
  const startedAt = Date.now();
  for (const job of jobs) {
    await fleet.ci.createVm({
      image: options.tart ? (options.image ?? REAL_IMAGE) : IMAGE,
      name: job.vmName,
      jobId: job.jobId,
      runner: ci.runnerFor(job),
    });
  }
  const vms = await watch(jobs, stage, startedAt, options.tart ? PATIENCE_MS.real : PATIENCE_MS.simulated);
  display.settle();
  const played = jobs.flatMap((job) => {
    const vm = vms.find(({ name }) => name === job.vmName);
    return vm ? [{ job, vm, result: ci.outcomeOf(job, vm) }] : [];
  });
  const outcomes = played.map(({ vm, result }) => outcomeOf(vm, result));
  const rows = played.map(({ job, vm, result }) => ({
    ...outcomeOf(vm, result),
    ...result,
    vmName: job.vmName,
  }));
  display.say(`\n${table(rows)}\n`);
  if (options.keep) await leaveRunning(fleet, display, signal);
  const leftovers = await fleet.stop();
  const wrong = complaints(jobs.length, outcomes, leftovers);
  return {
    wrong,
    document: { ok: wrong.length === 0, hosts: fleet.hosts.length, vms: outcomes, leftovers },
  };
}

function fleetOptions(options: DemoOptions, display: Display, signal: AbortSignal): FleetOptions {
  return {
    hosts: options.hosts,
    speed: DEMO_SPEED,
    seed: options.seed,
    ...(options.engine === undefined ? {} : { engine: options.engine }),
    sim: () => simulatedMac,
    controlPlane: controlPlaneFlags,
    ...(options.tart ? { realTart: true, address: "0.0.0.0", publicHost: MAC_FROM_GUEST } : {}),
    say: display.say,
    signal,
  };
}

/** Shows the fleet until every VM has ended, or patience has; answers with the VMs as they are then. */
async function watch(
  jobs: readonly DemoJob[],
  { fleet, ci, display, signal }: Stage,
  startedAt: number,
  patienceMs: number,
): Promise<VmRecord[]> {
  for (;;) {
    const vms = await fleet.ci.listVms();
    const now = Date.now();
    const delivered = jobs.filter((job) => {
      const vm = vms.find(({ name }) => name === job.vmName);
      return vm && ci.outcomeOf(job, vm).result === "delivered";
    }).length;
    display.show({ now, startedAt, slots: slotsOf(fleet, vms), vms, jobs, delivered });
    if (vms.every(({ endedAt }) => endedAt !== null) || now - startedAt > patienceMs) return vms;
    await wait(LOOK_MS, undefined, { signal });
  }
}

function slotsOf({ hosts }: Fleet, vms: readonly VmRecord[]) {
  const living = vms.filter(({ state, endedAt }) => endedAt === null && state !== "queued");
  return hosts.map(({ name }) => ({
    name,
    vmNames: Array.from(
      { length: SLOTS_PER_HOST },
      (_, slot) => living.find((vm) => vm.host === name && vm.slot === slot)?.name ?? null,
    ),
  }));
}

async function leaveRunning(fleet: Fleet, display: Display, signal: AbortSignal): Promise<void> {
  display.say(howToReach(fleet, join(fleet.dir, "control-plane", "admin-token")));
  await new Promise<void>((resolve) => {
    // A timer keeps the process alive: the programs of the fleet alone do not.
    const alive = setInterval(() => {}, 60_000);
    signal.addEventListener(
      "abort",
      () => {
        clearInterval(alive);
        resolve();
      },
      { once: true },
    );
  });
}
