import type { VmSummary } from "@tartfleet/shared";
import type { Leftover } from "../fleet/leftovers.ts";

/** What became of a job, as its CI system sees it. */
type JobResult = "pending" | "running" | "delivered" | "lost";

export interface JobOutcome {
  result: JobResult;
  /** A job may fail and its result be delivered all the same. */
  conclusion: "success" | "failure" | null;
}

/** One VM in the demo's document. Times in seconds; null for what did not happen. */
export interface VmOutcome {
  id: string;
  host: string | null;
  slot: number | null;
  endReason: string | null;
  jobResult: JobResult;
  queueSeconds: number | null;
  bootSeconds: number | null;
  jobSeconds: number | null;
  totalSeconds: number | null;
}

/** The document that `--json` prints. */
export interface DemoDocument {
  ok: boolean;
  hosts: number;
  vms: VmOutcome[];
  leftovers: Leftover[];
}

export function outcomeOf(vm: VmSummary, { result }: JobOutcome): VmOutcome {
  return {
    id: vm.id,
    host: vm.host,
    slot: vm.slot,
    endReason: vm.end?.reason ?? null,
    jobResult: result,
    queueSeconds: secondsBetween(vm.createdAt, vm.assignedAt),
    bootSeconds: secondsBetween(vm.assignedAt, vm.readyAt),
    jobSeconds: secondsBetween(vm.job.startedAt, vm.job.endedAt),
    totalSeconds: secondsBetween(vm.createdAt, vm.endedAt),
  };
}

/** Whole milliseconds, as seconds. */
function secondsBetween(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000;
}

/** What was wrong, one sentence each; none when the demo did what it promises. */
export function complaints(
  expected: number,
  vms: readonly VmOutcome[],
  leftovers: readonly Leftover[],
): string[] {
  return [
    ...(vms.length === expected ? [] : [`${expected} VMs were asked for, ${vms.length} are known.`]),
    ...vms.flatMap(({ id, endReason, jobResult }) => [
      ...(endReason === "runner_exited"
        ? []
        : [`VM ${id} ended by ${endReason ?? "nothing"}, not by its runner's exit.`]),
      ...(jobResult === "delivered" ? [] : [`The result of VM ${id}'s job is ${jobResult}, not delivered.`]),
    ]),
    ...leftovers.map(({ kind, what }) => `Left over: ${kind} ${what}.`),
  ];
}
