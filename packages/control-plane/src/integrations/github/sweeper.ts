import type { GithubJob, JobNews } from "../../domain/github/ledger.ts";
import { isOverdue } from "../../domain/github/overdue.ts";
import { vmOfRunner } from "../../domain/github/runner-name.ts";
import { makeSightings, mismatches, type ListedRunner } from "../../domain/github/sweep.ts";
import type { Vm } from "../../domain/vm.ts";
import { ITSELF, vmName } from "../../engine/acts.ts";
import type { CiEnding } from "../../engine/ci-ends.ts";
import type { IntegrationParts } from "../../engine/integration.ts";
import { every } from "../../engine/stalls.ts";
import type { Act } from "../../store/audit.ts";
import type { GithubApi } from "./api.ts";
import { scopePath, type RunnerDefinition, type Scope } from "./config.ts";
import type { CiLog } from "../log.ts";
import { callerFor } from "../planner.ts";
import { messageOf } from "../message-of.ts";

const SWEEP_MS = 60_000;
/** With less than that of the hour's requests left only each fifth sweep is made. */
const SPARE = 0.2;
/** A job of which nothing was heard for so long is asked about. */
const SILENT_MS = 600_000;
const MOST_ASKED = 20;
/** As long as a job may wait; a delivery is kept for three days by GitHub. */
const KEEP_MS = 4 * 86_400_000;
const REPOSITORY = /^[\w.-]+\/[\w.-]+$/;

export interface Found {
  ghosts: number;
  mutes: number;
}

/**
 * Looks once a minute for what messages alone do not show: runners without a VM, VMs without a runner, jobs that are
 * over although nobody said so. Nothing is done at the first sighting, and nothing because a runner is not `busy`.
 */
export function startSweeper(
  definitions: readonly RunnerDefinition[],
  {
    store,
    clock,
    patience,
    endForCi,
    api,
    log,
    onNews,
    onFound,
    onForced,
    onRemoved,
  }: Pick<IntegrationParts, "store" | "clock" | "patience" | "endForCi"> & {
    api: GithubApi;
    log: CiLog;
    onNews(): void;
    onFound(found: Found): void;
    /** A VM was ended although neither its hook nor its runner's exit had been seen. */
    onForced(definition: string): void;
    onRemoved(kind: "ghost" | "mute"): void;
  },
): { stop(): void } {
  const ghosts = makeSightings();
  const mutes = makeSightings();
  const over = makeSightings();
  let isStopped = false;
  let isSweeping = false;
  let isFailing = false;
  let round = 0;

  function tick(): void {
    round += 1;
    if (isSweeping || (api.left() < SPARE && round % 5 !== 0)) return;
    isSweeping = true;
    sweep()
      .then(() => {
        isFailing = false;
      })
      .catch((error: unknown) => {
        if (isStopped || isFailing) return;
        isFailing = true;
        log.warn({ why: messageOf(error) }, "GitHub cannot be looked through");
      })
      .finally(() => {
        isSweeping = false;
      });
  }

  async function sweep(): Promise<void> {
    const vms = store.askedVms("github");
    const jobs = store.githubJobsOf(vms.map(({ id }) => id));
    await endOverdue(vms, jobs);
    await match(vms, jobs);
    await askSilent();
    patience.tryOnce(() => store.forgetGithub(clock.now() - KEEP_MS));
  }

  /** Hook and exit did not both come: GitHub's word about the job, twice, ends the VM. */
  async function endOverdue(vms: readonly Vm[], jobs: ReadonlyMap<string, GithubJob>): Promise<void> {
    const overdue = vms.filter((vm) => {
      if (vm.end) return false;
      const job = jobs.get(vm.id);
      return isOverdue(vm, job?.state === "done" ? job.changedAt : undefined, clock.now());
    });
    const saidOver: Vm[] = [];
    for (const vm of overdue) {
      const job = whereabouts(vm, jobs.get(vm.id));
      if (job && (await api.isJobOver(job, (name) => vmOfRunner(name) === vm.id))) saidOver.push(vm);
    }
    const twice = over.again(saidOver.map(({ id }) => id));
    for (const vm of saidOver.filter(({ id }) => twice.has(id))) {
      const ending = {
        reason: "job_over",
        why: "GitHub said twice that its job is completed, and its runner did not exit.",
        action: "github.force",
      } as const;
      if (await end(vm, ending)) onForced(nameOf(vm));
    }
  }

  /** Runners without VMs, and VMs without runners. */
  async function match(vms: readonly Vm[], jobs: ReadonlyMap<string, GithubJob>): Promise<void> {
    const runners: (ListedRunner & { id: number; scope: Scope })[] = [];
    for (const scope of new Map(definitions.map((each) => [scopePath(each.scope), each.scope])).values())
      for (const runner of await api.runners(scope)) runners.push({ ...runner, scope });
    const named = runners.flatMap(({ name }) => vmOfRunner(name) ?? []);
    const ended = store.endedVms(named);
    const found = mismatches(runners, vms, {
      ended: (vmId) => ended.has(vmId),
      atWork: new Set(jobs.keys()),
      now: clock.now(),
    });
    onFound({ ghosts: found.ghosts.length, mutes: found.mutes.length });
    const sure = ghosts.again(found.ghosts.map(({ name }) => name));
    for (const { name, id, scope } of runners.filter((runner) => sure.has(runner.name))) {
      if (!(await api.removeRunner(scope, id))) continue;
      await store.recordAct(removal(name), clock.now());
      onRemoved("ghost");
    }
    const silent = mutes.again(found.mutes);
    for (const vm of vms.filter(({ id }) => silent.has(id))) {
      const ending = {
        reason: "not_registered",
        why: "Its runner was started, and GitHub has not listed it for five minutes.",
        action: "github.mute",
      } as const;
      if (await end(vm, ending)) onRemoved("mute");
    }
  }

  /** A job that was cancelled while nobody listened would be waited for for ever. */
  async function askSilent(): Promise<void> {
    const news: JobNews[] = [];
    for (const { firstAt, changedAt, ...job } of store.silentGithubJobs(
      clock.now() - SILENT_MS,
      MOST_ASKED,
    )) {
      const status = REPOSITORY.test(job.repository) ? await api.statusOf(job) : undefined;
      const isTooOld = clock.now() - firstAt > KEEP_MS;
      if (status === "completed" || (status === undefined && isTooOld)) news.push({ ...job, state: "done" });
    }
    if (news.length === 0) return;
    await store.learnJobs(news, clock.now());
    onNews();
  }

  async function end(vm: Vm, ending: CiEnding): Promise<boolean> {
    const name = nameOf(vm);
    const details = { runner: name };
    const caller = callerFor("github", { name, team: vm.team });
    const isEnded = await endForCi(caller, vm.id, { ...ending, details });
    if (isEnded) log.warn({ vmId: vm.id, runner: name, why: ending.why }, "a VM was ended");
    return isEnded;
  }

  const ticking = every(clock, SWEEP_MS, tick);
  return {
    stop() {
      isStopped = true;
      ticking.stop();
    },
  };
}

const nameOf = ({ spec }: Vm): string => spec.runnerFrom ?? "";

const removal = (name: string): Act => ({
  actor: ITSELF,
  action: "github.remove_runner",
  subject: vmName(vmOfRunner(name) ?? ""),
  outcome: "done",
  address: null,
  requestId: null,
  details: { name },
});

/** Where GitHub is to be asked about a VM's job: by the guest's word, or by GitHub's own message. */
function whereabouts(
  { job: { details } }: Vm,
  told: GithubJob | undefined,
): { repository: string; runId: string; runAttempt: string } | undefined {
  const repository = told?.repository ?? details.repository ?? "";
  const runId = told?.runId ?? details.runId ?? "";
  const runAttempt = told?.runAttempt ?? details.runAttempt ?? "1";
  const isWhole = REPOSITORY.test(repository) && /^\d+$/.test(runId) && /^\d+$/.test(runAttempt);
  return isWhole ? { repository, runId, runAttempt } : undefined;
}
