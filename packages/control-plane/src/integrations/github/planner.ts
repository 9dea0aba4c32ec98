import { createVmSchema, DEFAULT_TEAM, type EndReason } from "@tartfleet/shared";
import { ownVm, tendDemand, waitingJobs, type SetStatistics } from "../../domain/github/demand.ts";
import { pausedUntil, type Failing } from "../../domain/pools/pause.ts";
import type { Vm } from "../../domain/vm.ts";
import type { CiEnding } from "../../engine/ci-ends.ts";
import type { IntegrationParts } from "../../engine/integration.ts";
import type { Caller } from "../../engine/use-cases.ts";
import type { RunnerDefinition } from "./config.ts";
import type { GithubLog } from "./log.ts";

/** What comes together within so long is decided once. */
const GATHER_MS = 50;
/** So often it is looked again although nothing happened. */
const LOOK_MS = 30_000;
const SALT = 8;

/** Ends that say that the definition's VMs do no good: before another comes there is a pause, longer each time. */
const IN_VAIN: ReadonlySet<EndReason> = new Set([
  "start_failed",
  "image_not_found",
  "no_job",
  "not_registered",
]);
/** Fewer jobs wait than it was asked for. */
const TAKEN_BACK: CiEnding = {
  reason: "not_needed",
  why: "The job that it was asked for waits no more, or another runner took it.",
  action: "vm.end",
};

export interface Planner {
  wake(): void;
  stop(): void;
}

/** Asks for as many VMs of each definition as jobs wait for, and takes back those that nobody needs any more. */
export function startPlanner(
  definitions: readonly RunnerDefinition[],
  {
    store,
    changes,
    clock,
    patience,
    randomId,
    useCases,
    endForCi,
    log,
    statisticsOf,
    isReachable,
    onAsked,
  }: Pick<
    IntegrationParts,
    "store" | "changes" | "clock" | "patience" | "randomId" | "useCases" | "endForCi"
  > & {
    log: GithubLog;
    statisticsOf(definition: string): SetStatistics | undefined;
    /** False while its guests would get no runner: a VM would boot in vain, and its host look bad for it. */
    isReachable(definition: string): boolean;
    onAsked(definition: string, vms: number): void;
  },
): Planner {
  /** In memory: after a restart each is tried again. */
  const failing = new Map<string, Failing>();
  let cancel: (() => void) | undefined;
  let planning: "not" | "now" | "now and again" = "not";
  let isStopped = false;

  function wake(ms = GATHER_MS): void {
    if (isStopped) return;
    if (planning !== "not") planning = "now and again";
    else if (ms === GATHER_MS || !cancel) {
      cancel?.();
      cancel = clock.after(ms, planAll);
    }
  }

  function planAll(): void {
    cancel = undefined;
    planning = "now";
    patience.keepTrying(async () => {
      await plan();
      const isAgain = planning === "now and again";
      planning = "not";
      wake(isAgain ? GATHER_MS : LOOK_MS);
    });
  }

  async function plan(): Promise<void> {
    const vms = store.githubVms();
    const jobs = store.githubJobsOf(vms.map(({ id }) => id));
    const waiting = store.waitingGithubJobs();
    const own = Map.groupBy(vms, ({ spec }) => spec.runnerFrom);
    for (const definition of definitions) {
      const { name, min, max } = definition;
      if (isStopped) return;
      const { start, end } = tendDemand(
        { waiting: waitingJobs(waiting.get(name) ?? 0, statisticsOf(name)), min, max },
        (own.get(name) ?? []).map((vm) => ownVm(vm, jobs.get(vm.id)?.state)),
      );
      for (const id of end) await endForCi(callerFor(definition), id, TAKEN_BACK);
      const failed = failing.get(name);
      const isPaused = failed !== undefined && pausedUntil(failed) > clock.now();
      if (start === 0 || isPaused || !isReachable(name)) continue;
      onAsked(name, start);
      await ask(definition, start);
    }
  }

  async function ask(definition: RunnerDefinition, count: number): Promise<void> {
    const { name, image, os, cpu, memoryMiB, diskGiB, hostLabels, priority, ttlSeconds } = definition;
    try {
      for (let n = 0; n < count; n += 1) {
        const input = createVmSchema.parse({
          name: `${name}-${randomId(SALT)}`,
          image,
          os,
          cpu,
          memoryMiB,
          diskGiB,
          hostLabels,
          priority,
          ttlSeconds,
          noJobTimeoutSeconds: definition.idleSeconds,
          allowPending: true,
        });
        await useCases.createVm(callerFor(definition), input, undefined, name);
      }
    } catch (error) {
      // What the store cannot take now is asked for again; what was refused has its reason.
      if (isStopped) return;
      note(name, error instanceof Error ? error.message : String(error));
    }
  }

  function note(name: string, why: string): void {
    const times = (failing.get(name)?.times ?? 0) + 1;
    failing.set(name, { times, at: clock.now(), why });
    log.warn({ runner: name, times, why }, "VMs for GitHub's jobs come in vain");
  }

  function hear({ spec, job, endedAt, end }: Vm): void {
    const name = spec.runnerFrom;
    if (name === undefined) return;
    if (job.state !== "none") failing.delete(name);
    else if (endedAt !== null && end && IN_VAIN.has(end.reason)) note(name, end.message);
    wake();
  }

  const unsubscribe = changes.onApplied(({ vm }) => hear(vm));
  wake();
  return {
    wake: () => wake(),
    stop() {
      isStopped = true;
      unsubscribe();
      cancel?.();
    },
  };
}

/** The integration's own doing, for the definition's team. */
export function callerFor({ name, team = DEFAULT_TEAM }: Pick<RunnerDefinition, "name" | "team">): Caller {
  return {
    principal: { kind: "token", tokenId: `github:${name}`, role: "ci", name: "github", team },
    requestId: `github:${name}`,
    address: null,
  };
}
