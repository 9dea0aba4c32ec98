import { setTimeout as wait } from "node:timers/promises";
import { SLOTS_PER_HOST, type VmSummary } from "@tartfleet/shared";
import type { Fleet } from "../fleet/fleet.ts";
import type { CiSystem } from "./ci-system.ts";
import type { Display } from "./display.ts";
import type { DemoJob } from "./jobs.ts";
import type { JobOutcome } from "./outcome.ts";

/** A job, the VM that it had, and what became of it. */
export interface Played {
  job: DemoJob;
  vm: VmSummary;
  result: JobOutcome;
}

export interface WatchParts {
  fleet: Fleet;
  ci: CiSystem;
  display: Display;
  startedAt: number;
  isReal: boolean;
}

const LOOK_MS = 100;

/** Shows the fleet until every VM has ended, or until it is not slow but stuck; answers with how it stands then. */
export async function watch(jobs: readonly DemoJob[], parts: WatchParts): Promise<Played[]> {
  const { fleet, ci, display, startedAt } = parts;
  const patienceMs = patience(jobs.length, fleet.hosts.length, parts.isReal);
  for (;;) {
    const vms = (await fleet.ci.listVms()).reverse();
    const played = jobs.flatMap((job): Played[] => {
      const vm = vms.find(({ name }) => name === job.vmName);
      return vm ? [{ job, vm, result: ci.outcomeOf(job, vm) }] : [];
    });
    const delivered = played.filter(({ result }) => result.result === "delivered").length;
    const now = Date.now();
    display.show({ now, startedAt, slots: slotsOf(fleet, vms), vms, jobs, delivered });
    const isOver = played.length === jobs.length && played.every(({ vm }) => vm.endedAt !== null);
    if (isOver || now - startedAt > patienceMs) return played;
    await wait(LOOK_MS);
  }
}

/** A minute for each round of slots; a real Mac boots longer, and may have to pull its image first. */
function patience(vms: number, hosts: number, isReal: boolean): number {
  const rounds = Math.ceil(vms / (hosts * SLOTS_PER_HOST));
  const minutes = isReal ? 60 + 10 * rounds : 2 + rounds;
  return minutes * 60_000;
}

function slotsOf({ hosts }: Fleet, vms: readonly VmSummary[]) {
  const living = vms.filter(({ state, endedAt }) => endedAt === null && state !== "queued");
  return hosts.map(({ name }) => ({
    name,
    vmNames: Array.from(
      { length: SLOTS_PER_HOST },
      (_, slot) => living.find((vm) => vm.host === name && vm.slot === slot)?.name ?? null,
    ),
  }));
}

/** Attempts that failed, for VMs that needed more than one or never came up. */
export async function setbacks({ ci }: Fleet, played: readonly Played[]): Promise<string[]> {
  const troubled = played.filter(({ vm }) => vm.attempt > 1 || vm.state === "failed");
  const told = await Promise.all(
    troubled.map(async ({ vm }) => {
      const events = await ci.vmEvents(vm.id);
      return events
        .filter(({ type }) => type === "attempt_failed")
        .map(({ message }) => `${vm.name}: ${message}`);
    }),
  );
  return told.flat();
}
