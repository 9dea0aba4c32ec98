import { isBeforeRegistration } from "./lifecycle/ci-end.ts";
import type { Vm } from "./vm.ts";

/** What a CI system says of a job: it waits for a runner, has one, or is over. */
export type ToldJob = "waiting" | "running" | "done";

/** A VM of a definition: it may still take a job, or has taken its one. */
export interface OwnVm {
  id: string;
  /** `coming`: nothing of it is registered yet; `fresh`: its runner may be; `working`: it has a job; `over`: it had. */
  stage: "coming" | "fresh" | "working" | "over";
  /** Its guest told of a job that its CI system has not told of yet: one of those that seem to wait. */
  isAhead: boolean;
  createdAt: number;
}

/** @param told the state of the job that its CI system says it has, or had */
export function ownVm(
  { id, state, job, createdAt }: Pick<Vm, "id" | "state" | "job" | "createdAt">,
  told: ToldJob | undefined,
): OwnVm {
  return { id, stage: stageOf(state, job.state, told), isAhead: job.state !== "none" && !told, createdAt };
}

function stageOf(state: Vm["state"], job: Vm["job"]["state"], told: ToldJob | undefined): OwnVm["stage"] {
  if (state === "draining" || state === "stopping" || job === "ended" || told === "done") return "over";
  if (job === "started" || told === "running") return "working";
  return isBeforeRegistration({ state }) ? "coming" : "fresh";
}

export interface Wish {
  waiting: number;
  /** So many runners wait for jobs that have not come yet. */
  min: number;
  /** So many VMs at once, at most. */
  max: number;
}

/**
 * How many VMs to ask for, and which to take back. Jobs and VMs are counted, not paired: any runner may take any job
 * that fits its labels. What may be registered already is left alone, for a job may be on its way to it.
 */
export function tendDemand(
  { waiting, min, max }: Wish,
  vms: readonly OwnVm[],
): { start: number; end: string[] } {
  const count = (stage: OwnVm["stage"]) => vms.filter((vm) => vm.stage === stage).length;
  const ahead = vms.filter(({ isAhead }) => isAhead).length;
  const wanted = Math.max(0, Math.min(Math.max(0, waiting - ahead) + min, max - count("working")));
  const missing = wanted - count("fresh") - count("coming");
  if (missing >= 0) return { start: missing, end: [] };
  const newestFirst = vms
    .filter(({ stage }) => stage === "coming")
    .toSorted((a, b) => b.createdAt - a.createdAt);
  return { start: 0, end: newestFirst.slice(0, -missing).map(({ id }) => id) };
}
