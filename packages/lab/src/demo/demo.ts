import { startFleet, type Fleet, type FleetOptions } from "../fleet/fleet.ts";
import { aborted, unlessAborted } from "../fleet/unless-aborted.ts";
import { scriptsOnly, startGitHub, type CiSystem } from "./ci-system.ts";
import type { Display } from "./display.ts";
import { planJobs, type DemoJob } from "./jobs.ts";
import { endWhatLives } from "./keep.ts";
import type { DemoOptions } from "./options.ts";
import { complaints, outcomeOf, type DemoDocument } from "./outcome.ts";
import { controlPlaneFlags, DEMO_SPEED, imageOf, MAC_FROM_GUEST, simulatedMac } from "./settings.ts";
import { table } from "./table.ts";
import { setbacks, watch, type Played } from "./watch.ts";
import { greeting, howToReach, request } from "./words.ts";

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
      const jobs = planJobs(options.vms, options.seed);
      const played = await unlessAborted(play(options, jobs, { fleet, ci, display }), signal);
      if (options.keep) {
        display.say(howToReach(fleet));
        await leftRunning(signal);
        await endWhatLives(fleet);
      }
      return await conclude(fleet, jobs, played);
    } finally {
      await fleet.stop();
    }
  } finally {
    await ci.close();
  }
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

/** Asks for all VMs, shows them until they have ended, and sums up. */
async function play(
  options: DemoOptions,
  jobs: readonly DemoJob[],
  { fleet, ci, display }: { fleet: Fleet; ci: CiSystem; display: Display },
): Promise<Played[]> {
  display.say(request(jobs.length, fleet.hosts.length));
  const startedAt = Date.now();
  for (const job of jobs) {
    const runner = ci.runnerFor(job);
    await fleet.ci.createVm({ image: imageOf(options), name: job.vmName, jobId: job.jobId, runner });
  }
  const played = await watch(jobs, { fleet, ci, display, startedAt, isReal: options.tart });
  display.settle();
  const rows = played.map(({ job, vm, result }) => ({
    ...outcomeOf(vm, result),
    ...result,
    vmName: job.vmName,
  }));
  display.say(`\n${table(rows)}\n`);
  for (const setback of await setbacks(fleet, played)) display.say(`! ${setback}`);
  return played;
}

async function conclude(fleet: Fleet, jobs: readonly DemoJob[], played: readonly Played[]): Promise<DemoEnd> {
  const vms = played.map(({ vm, result }) => outcomeOf(vm, result));
  const leftovers = await fleet.stop();
  const wrong = complaints(jobs.length, vms, leftovers);
  return { wrong, document: { ok: wrong.length === 0, hosts: fleet.hosts.length, vms, leftovers } };
}

async function leftRunning(signal: AbortSignal): Promise<void> {
  // The programs of the fleet alone do not keep this process alive.
  const alive = setInterval(() => {}, 60_000);
  await aborted(signal);
  clearInterval(alive);
}
