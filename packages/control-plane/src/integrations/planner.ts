import { DEFAULT_TEAM, type EndReason, type RunnerKind } from "@tartfleet/shared";
import { ownVm, tendDemand, type ToldJob } from "../domain/demand.ts";
import { pausedUntil, type Failing } from "../domain/pools/pause.ts";
import type { Vm } from "../domain/vm.ts";
import type { CiEnding } from "../engine/ci-ends.ts";
import type { IntegrationParts } from "../engine/integration.ts";
import type { Caller } from "../engine/use-cases.ts";
import type { CiLog } from "./log.ts";
import { createOf, type VmDefinition } from "./vm-definition.ts";
import { messageOf } from "./message-of.ts";

/** What comes together within so long is decided once. */
const GATHER_MS = 50;
/** So often it is looked again although nothing happened. */
const LOOK_MS = 30_000;
const SALT = 8;

/** Ends that say that the definition's VMs do no good: before another comes there is a pause, longer each time. */
export const IN_VAIN: ReadonlySet<EndReason> = new Set([
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

/** What a CI system says of its jobs just now. */
export interface Demand {
  /** Jobs of a definition that wait for a runner; undefined while it is not known, and nothing is asked or taken back. */
  waiting(definition: string): number | undefined;
  /** So many of these have been taken already, by VMs that are gone: the CI system's count is behind. */
  taken?(definition: string): number;
  /** What it says of the job that a VM has, or had; undefined: nothing. */
  told(vm: Vm): ToldJob | undefined;
}

/** What a CI system's jobs are planned by. */
export interface Planned {
  kind: RunnerKind;
  definitions: readonly VmDefinition[];
  /** @param vms of its definitions, none of which has ended */
  demand(vms: readonly Vm[]): Demand;
  /** False while its guests would get no runner: a VM would boot in vain, and its host look bad for it. */
  isReachable(definition: string): boolean;
  onAsked(definition: string, vms: number): void;
}

export interface Planner {
  wake(): void;
  /** The definition's VMs do no good: before another comes there is a pause, longer each time. */
  inVain(definition: string, why: string): void;
  /** They do again. */
  doWell(definition: string): void;
  stop(): void;
}

/** Asks for as many VMs of each definition as jobs wait for, and takes back those that nobody needs any more. */
export function startPlanner(
  { kind, definitions, demand, isReachable, onAsked }: Planned,
  {
    store,
    changes,
    clock,
    patience,
    randomId,
    useCases,
    endForCi,
    log,
  }: Pick<
    IntegrationParts,
    "store" | "changes" | "clock" | "patience" | "randomId" | "useCases" | "endForCi"
  > & {
    log: CiLog;
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
    const vms = store.askedVms(kind);
    const { waiting, taken, told } = demand(vms);
    const own = Map.groupBy(vms, ({ spec }) => spec.runnerFrom);
    for (const definition of definitions) {
      const { name, min, max } = definition;
      if (isStopped) return;
      const jobs = waiting(name);
      if (jobs === undefined) continue;
      const { start, end } = tendDemand(
        { waiting: jobs, taken: taken?.(name) ?? 0, min, max },
        (own.get(name) ?? []).map((vm) => ownVm(vm, told(vm))),
      );
      for (const id of end) await endForCi(callerFor(kind, definition), id, TAKEN_BACK);
      const failed = failing.get(name);
      const isPaused = failed !== undefined && pausedUntil(failed) > clock.now();
      if (start === 0 || isPaused || !isReachable(name)) continue;
      onAsked(name, start);
      await ask(definition, start);
    }
  }

  async function ask(definition: VmDefinition, count: number): Promise<void> {
    const { name } = definition;
    try {
      for (let n = 0; n < count; n += 1) {
        const input = createOf(definition, randomId(SALT));
        await useCases.createVm(callerFor(kind, definition), input, undefined, { definition: name, kind });
      }
    } catch (error) {
      // What the store cannot take now is asked for again; what was refused has its reason.
      if (isStopped) return;
      note(name, messageOf(error));
    }
  }

  function note(name: string, why: string): void {
    const times = (failing.get(name)?.times ?? 0) + 1;
    failing.set(name, { times, at: clock.now(), why });
    log.warn({ runner: name, times, why }, "VMs for its jobs come in vain");
  }

  function hear({ spec, job, endedAt, end }: Vm): void {
    const name = spec.runnerFrom;
    if (name === undefined || spec.runnerKind !== kind) return;
    if (job.state !== "none") failing.delete(name);
    else if (endedAt !== null && end && IN_VAIN.has(end.reason)) note(name, end.message);
    wake();
  }

  const unsubscribe = changes.onApplied(({ vm }) => hear(vm));
  wake();
  return {
    wake: () => wake(),
    inVain: note,
    doWell: (name) => void failing.delete(name),
    stop() {
      isStopped = true;
      unsubscribe();
      cancel?.();
    },
  };
}

/** An integration's own doing, for the definition's team. */
export function callerFor(
  kind: RunnerKind,
  { name, team = DEFAULT_TEAM }: Pick<VmDefinition, "name" | "team">,
): Caller {
  return {
    principal: { kind: "token", tokenId: `${kind}:${name}`, role: "ci", name: kind, team },
    requestId: `${kind}:${name}`,
    address: null,
  };
}
