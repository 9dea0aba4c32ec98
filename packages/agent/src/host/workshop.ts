import type { Doorbell } from "../doorbell.ts";
import type { Guest } from "../guest/guest.ts";
import type { Step, StepKind } from "../reconcile/next-step.ts";
import type { Outcome } from "../reconcile/outcome.ts";
import { begin, settle } from "../reconcile/settle.ts";
import { gone, withPhase } from "../reconcile/tell.ts";
import { execute } from "./execute.ts";
import type { Instances } from "./instances.ts";
import type { HostParts } from "./ports.ts";
import type { Pulls } from "./pulls.ts";
import type { Runs } from "./runs.ts";
import type { Slots } from "./slots.ts";
import type { Wanted } from "./wanted.ts";

type DoneStep = Exclude<Step, { kind: "rest" }>;

/** Carries steps out: at most one of each instance at a time, those of different instances side by side. */
export interface Workshop {
  start(name: string, step: DoneStep): void;
  cutOff(name: string): void;
  /**
   * Steps in progress, and those that ended since the last `lookBegins`: a look may have seen the host
   * before or after them, so that nothing may be decided from it for those instances.
   */
  busy(): Map<string, StepKind>;
  lookBegins(): void;
  /** Cuts off what is in progress and waits for its end. */
  close(): Promise<void>;
}

export interface WorkshopParts {
  parts: HostParts;
  instances: Instances;
  wanted: Wanted;
  runs: Runs;
  slots: Slots;
  pulls: Pulls;
  bell: Doorbell;
}

export function createWorkshop(workshop: WorkshopParts): Workshop {
  const { parts, instances, wanted, runs, slots, pulls, bell } = workshop;
  const { clock, log, limits, random, runLogs } = parts;
  const guests = new Map<string, Guest>();
  const inFlight = new Map<string, { kind: StepKind; stop: AbortController; over: Promise<void> }>();
  const justEnded = new Map<string, StepKind>();

  async function forget(name: string): Promise<void> {
    const instance = instances.get(name);
    // The journal's entry last: after a crash in between, it is what brings an agent back here.
    await parts.tart.forgetRun(name);
    await runLogs.remove(name);
    await instances.unjournal(name);
    runs.forget(name);
    guests.delete(name);
    if (instance && wanted.find(name)) instances.tell(gone(instance));
    else instances.drop(name);
  }

  async function carryOut(name: string, step: DoneStep, signal: AbortSignal): Promise<void> {
    const before = instances.get(name);
    if (!before) return;
    if (step.kind === "forget") return await forget(name);
    // The log of a run that was refused would later pass for one that was.
    if (step.kind === "run") await runLogs.remove(name);
    const begun = begin(before, step);
    if (!(await instances.save(begun.instance))) return instances.defer(name, clock.now() + limits.retryMs);
    instances.tell(begun);
    log.debug({ instance: name, step }, "step");

    const outcome = await execute(step, {
      parts,
      instance: begun.instance,
      assignment: wanted.find(name),
      runs,
      pulls,
      guests,
      signal,
      onPulled(pullPercent, pullTotalBytes) {
        const present = instances.get(name);
        if (!present || signal.aborted) return;
        const pulled = pullTotalBytes === undefined ? { pullPercent } : { pullPercent, pullTotalBytes };
        instances.tell(withPhase(present, "pulling", pulled));
      },
    });
    note(name, step, outcome);
    const present = instances.get(name) ?? begun.instance;
    const settled = settle(present, step, outcome, { now: clock.now(), limits, random });
    await instances.save(settled.instance);
    instances.tell(settled);
    // tart's delete has looked: a look of our own would only hold the slot for longer.
    if (outcome.kind === "deleted" && outcome.facts.outcome === "done") await forget(name);
  }

  function note(name: string, step: DoneStep, outcome: Outcome): void {
    if (outcome.kind === "ended" && outcome.end.failure?.kind === "no_slot") slots.refused();
    const failure =
      outcome.kind === "failed" ? outcome.failure : outcome.kind === "ended" ? outcome.end.failure : null;
    if (!failure || step.kind === "no_slot") return;
    const { kind, error } = failure;
    if (kind === "final") return;
    log.warn({ instance: name, step: step.kind, code: error.code, why: error.message }, "to be tried again");
  }

  return {
    start(name, step) {
      const stop = new AbortController();
      const over = carryOut(name, step, stop.signal)
        .catch((error: unknown) => {
          log.error({ instance: name, step: step.kind, error: String(error) }, "a step failed unexpectedly");
          instances.defer(name, clock.now() + limits.retryMaxMs);
        })
        .finally(() => {
          inFlight.delete(name);
          justEnded.set(name, step.kind);
          bell.ring();
        });
      inFlight.set(name, { kind: step.kind, stop, over });
    },
    cutOff: (name) => inFlight.get(name)?.stop.abort(),
    busy: () =>
      new Map([...justEnded, ...[...inFlight].map(([name, { kind }]): [string, StepKind] => [name, kind])]),
    lookBegins: () => justEnded.clear(),
    async close() {
      for (const { stop } of inFlight.values()) stop.abort();
      await Promise.all([...inFlight.values()].map(({ over }) => over));
    },
  };
}
