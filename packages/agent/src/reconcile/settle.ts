import { STOP_RUNGS, type BringUpState, type Report } from "@tartfleet/shared";
import type { Entry, Instance, Memory } from "./instance.ts";
import { pauseAfter, type Limits } from "./limits.ts";
import type { Step, StepKind } from "./next-step.ts";
import type { Outcome, RunEndFacts, StepFailure } from "./outcome.ts";
import { ended, failedIn, withPhase } from "./tell.ts";

/** What a decision made of an instance, and what is to be told about it. */
export interface Settled {
  instance: Instance;
  reports: Report[];
}

export interface SettleContext {
  now: number;
  limits: Limits;
  random: () => number;
}

/** What is noted (and journaled) before a step is carried out, so that a crash during it is recognised. */
export function begin(instance: Instance, step: Step): Settled {
  if (step.kind === "pull") return withPhase(instance, "pulling");
  if (step.kind === "clone") return withPhase(change(instance, { stage: "cloning" }), "cloning");
  if (step.kind === "run") {
    return { instance: change(instance, { stage: "starting", run: null }), reports: [] };
  }
  return { instance, reports: [] };
}

/** What a finished step makes of its instance. */
export function settle(instance: Instance, step: Step, outcome: Outcome, context: SettleContext): Settled {
  switch (outcome.kind) {
    case "cut_off":
      return { instance, reports: [] };
    case "not_now":
      return { instance: recall(instance, { retryAt: context.now + context.limits.retryMs }), reports: [] };
    case "failed":
      return stepFailed(instance, step, outcome.failure, context);
    case "done":
      return step.kind === "discard"
        ? discarded(instance, context)
        : { instance: done(fresh(instance), step), reports: [] };
    case "cloned":
      return withPhase(
        change(fresh(instance), { stage: "cloned", imageDigest: outcome.imageDigest }),
        "cloning",
      );
    case "run_begun":
      return withPhase(
        change(fresh(instance), { stage: "started", run: outcome.run, bootedAt: outcome.bootedAt }),
        "booting",
      );
    case "guest_reached":
      return withPhase(
        recall(change(fresh(instance), { ip: outcome.ip ?? instance.entry.ip }), {
          guestReached: true,
          slotWaitSince: null,
        }),
        "provisioning",
      );
    case "provisioned":
      return withPhase(
        change(fresh(instance), { stage: "ready", ip: outcome.ip ?? instance.entry.ip }),
        "ready",
      );
    case "ended":
      return runEnded(instance, outcome.end, context);
    case "script_result":
      return {
        instance: recall(instance, { scriptRead: true }),
        reports: outcome.result ? [{ ...refOf(instance), kind: "script_result", ...outcome.result }] : [],
      };
    case "rung":
      return rungDone(instance, step, outcome.facts, context);
    case "deleted":
      return deleted(instance, outcome.facts, context);
    default:
      return outcome satisfies never;
  }
}

function done(instance: Instance, step: Step): Instance {
  if (step.kind === "pull") return recall(instance, { pulled: true });
  if (step.kind === "configure") return change(instance, { stage: "configured" });
  return instance;
}

/** It is cloned anew, but not for ever: a clone may vanish each time, whatever tart says. */
function discarded(instance: Instance, { limits }: SettleContext): Settled {
  const discards = instance.memory.discards + 1;
  const anew = recall(change(instance, { stage: "new", imageDigest: null, run: null, bootedAt: null }), {
    discards,
  });
  if (discards <= limits.tries) return { instance: fresh(anew), reports: [] };
  return failedIn(anew, "cloning", {
    code: "clone_failed",
    message:
      "The clone was not there when it was looked for, several times; something on the host removes it.",
    facts: { clones: discards },
  });
}

const PHASE_OF: Partial<Record<StepKind, BringUpState>> = {
  pull: "pulling",
  clone: "cloning",
  discard: "cloning",
  configure: "cloning",
  run: "booting",
  no_slot: "booting",
  reach_guest: "booting",
  provision: "provisioning",
};

function stepFailed(instance: Instance, step: Step, failure: StepFailure, context: SettleContext): Settled {
  if (failure.kind === "no_slot") return slotRefused(instance, failure, context, context.limits.retryMs);
  const tries = instance.memory.tries + 1;
  const phase = step.kind === "lost" ? step.phase : PHASE_OF[step.kind];
  const isOver = failure.kind === "final" || tries >= context.limits.tries;
  // A step of the way down has no end but success: a slot is free only when its instance was seen gone.
  if (phase && isOver) return failedIn(instance, phase, failure.error);
  const retryAt = context.now + pauseAfter(tries, context.limits, context.random);
  return { instance: recall(unbegun(instance, step), { tries, retryAt }), reports: [] };
}

/** A run that was not begun leaves no intent behind. */
function unbegun(instance: Instance, step: Step): Instance {
  return step.kind === "run" ? change(instance, { stage: "configured", run: null }) : instance;
}

/**
 * macOS (or this agent, before it asked) refused another VM. Slots are released late, so it is tried again
 * for a while; a guest that never ran may be started again.
 */
function slotRefused(
  instance: Instance,
  failure: StepFailure,
  context: SettleContext,
  pauseMs: number,
): Settled {
  const since = instance.memory.slotWaitSince ?? context.now;
  if (context.now - since >= context.limits.slotMs) return failedIn(instance, "booting", failure.error);
  return {
    instance: recall(change(instance, { stage: "configured", run: null, bootedAt: null }), {
      slotWaitSince: since,
      retryAt: Math.min(context.now + pauseMs, since + context.limits.slotMs),
    }),
    reports: [],
  };
}

function runEnded(instance: Instance, end: RunEndFacts, context: SettleContext): Settled {
  const neverReady = instance.entry.stage !== "ready";
  if (end.failure && neverReady) {
    if (end.failure.kind === "no_slot" && !instance.memory.guestReached) {
      const pauseMs = context.limits.slotRetryMs * (1 - context.random() / 4);
      return slotRefused(instance, end.failure, context, pauseMs);
    }
    const phase = instance.memory.guestReached ? "provisioning" : "booting";
    return failedIn(instance, phase, end.failure.error);
  }
  return ended(instance, end);
}

function rungDone(
  instance: Instance,
  step: Step,
  facts: Extract<Outcome, { kind: "rung" }>["facts"],
  context: SettleContext,
): Settled {
  if (step.kind !== "stop") return { instance, reports: [] };
  const at = STOP_RUNGS.indexOf(step.rung);
  const isLast = STOP_RUNGS[at + 1] === "delete";
  const next: Partial<Memory> = isLast
    ? {
        nextRung: STOP_RUNGS.indexOf("tart_stop"),
        retryAt: context.now + pauseAfter(1, context.limits, context.random),
      }
    : { nextRung: at + 1 };
  return {
    instance: recall(instance, next),
    reports: [{ ...refOf(instance), kind: "stop_rung", rung: step.rung, ...facts }],
  };
}

function deleted(
  instance: Instance,
  facts: Extract<Outcome, { kind: "deleted" }>["facts"],
  context: SettleContext,
): Settled {
  const tries = facts.outcome === "done" ? 0 : instance.memory.tries + 1;
  const retryAt = tries === 0 ? 0 : context.now + pauseAfter(tries, context.limits, context.random);
  return {
    instance: recall(instance, { tries, retryAt }),
    // A delete that keeps failing is told once, not every few seconds.
    reports: tries > 1 ? [] : [{ ...refOf(instance), kind: "stop_rung", rung: "delete", ...facts }],
  };
}

function refOf({ entry }: Instance): Pick<Entry, "vmId" | "attempt"> {
  return { vmId: entry.vmId, attempt: entry.attempt };
}

function change(instance: Instance, changes: Partial<Entry>): Instance {
  return { ...instance, entry: { ...instance.entry, ...changes } };
}

function recall(instance: Instance, changes: Partial<Memory>): Instance {
  return { ...instance, memory: { ...instance.memory, ...changes } };
}

function fresh(instance: Instance): Instance {
  return recall(instance, { tries: 0, retryAt: 0 });
}
