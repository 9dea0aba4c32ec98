import { isBeforeRegistration } from "./lifecycle/ci-end.ts";
import type { Vm } from "./vm.ts";

/** What a CI system says of a job: it waits for a runner, has one, or is over. `perhaps`: it may have one, not told yet. */
export type ToldJob = "waiting" | "perhaps" | "running" | "done";

/** Whether the VM's runner has taken a job: its guest told of it, or it has exited and was not sent away. */
export function tookJob({ job, announced }: Pick<Vm, "job" | "announced">): boolean {
  return job.state !== "none" || announced === "runner_exited";
}

/** A VM of a definition: it may still take a job, or has taken its one. */
export interface OwnVm {
  id: string;
  /**
   * `coming`: nothing of it is registered yet; `fresh`: its runner may be; `perhaps`: it may be, or have a job already;
   * `working`: it has a job; `over`: it had.
   */
  stage: "coming" | "fresh" | "perhaps" | "working" | "over";
  /** Its guest told of a job that its CI system has not told of yet: one of those that seem to wait. */
  isAhead: boolean;
  createdAt: number;
}

/** @param told the state of the job that its CI system says it has, or had */
export function ownVm(
  vm: Pick<Vm, "id" | "state" | "job" | "announced" | "createdAt">,
  told: ToldJob | undefined,
): OwnVm {
  const { id, state, job, createdAt } = vm;
  return { id, stage: stageOf(state, job.state, told), isAhead: tookJob(vm) && !told, createdAt };
}

function stageOf(state: Vm["state"], job: Vm["job"]["state"], told: ToldJob | undefined): OwnVm["stage"] {
  if (state === "draining" || state === "stopping" || job === "ended" || told === "done") return "over";
  if (job === "started" || told === "running") return "working";
  if (isBeforeRegistration({ state })) return "coming";
  return told === "perhaps" ? "perhaps" : "fresh";
}

export interface Wish {
  waiting: number;
  /** So many of those that seem to wait have been taken already, by VMs that are gone. */
  taken?: number;
  /** So many runners wait for jobs that have not come yet. */
  min: number;
  /** So many VMs at once, at most. */
  max: number;
}

/**
 * How many VMs to ask for, and which to take back. Jobs and VMs are counted, not paired: any runner may take any job
 * that fits its labels. What may be registered already is left alone, for a job may be on its way to it. Where news may
 * be late the careful half is believed: a VM that perhaps has a job covers one that waits, and a job that was perhaps
 * taken is no reason to take a VM back.
 */
export function tendDemand(
  { waiting, taken = 0, min, max }: Wish,
  vms: readonly OwnVm[],
): { start: number; end: string[] } {
  const count = (stage: OwnVm["stage"]) => vms.filter((vm) => vm.stage === stage).length;
  const ahead = taken + vms.filter(({ isAhead }) => isAhead).length;
  const wanted = (jobs: number) => Math.max(0, Math.min(Math.max(0, jobs) + min, max - count("working")));
  const here = count("fresh") + count("coming");
  const missing = Math.max(0, wanted(waiting - ahead) - here - count("perhaps"));
  const tooMany = Math.max(0, here - wanted(waiting));
  const newestFirst = vms
    .filter(({ stage }) => stage === "coming")
    .toSorted((a, b) => b.createdAt - a.createdAt);
  return { start: missing, end: newestFirst.slice(0, tooMany).map(({ id }) => id) };
}
