import type { Hold, Vm } from "../vm.ts";
import type { Context, EventOf, LifecycleEvent, Rule, Step } from "./event.ts";
import { applied, enter, ignored, stopping } from "./steps.ts";

/* VMs that somebody holds for debugging: their end is written down, and their instance stays until the hold is over. */

/** Somebody holds it still. */
const isHeld = ({ hold }: Vm, now: number): boolean => hold !== null && hold.until > now;

/** It has come to its end, and is there for its hold alone. */
export const isKept = ({ state, end }: Pick<Vm, "state"> & { end: object | null }): boolean =>
  state === "draining" && end !== null;

export const hold: Rule<"held"> = (vm, { by, reason, until }, { now }) => {
  const held = withHold(vm, { since: vm.hold?.since ?? now, until, by, reason });
  const minutes = Math.round((until - now) / 60_000);
  return applied(
    { ...held, budgetEndsAt: isKept(vm) ? until : vm.budgetEndsAt },
    {
      type: "evidence",
      source: "client",
      message: `${by} holds it for ${minutes} min${reason === null ? "" : `: ${reason}`}.`,
      data: { until: new Date(until).toISOString(), reason },
    },
  );
};

/** Ends a hold, or lets it end sooner. */
export const unhold: Rule<"unheld"> = (vm, { source, why, until }, context) => {
  const { now } = context;
  if (!vm.hold || !isHeld(vm, now)) return ignored("nobody holds it");
  if (until > now) {
    const sooner = Math.min(vm.hold.until, until);
    if (sooner === vm.hold.until) return ignored("its hold ends sooner");
    return applied(
      { ...vm, hold: { ...vm.hold, until: sooner }, budgetEndsAt: isKept(vm) ? sooner : vm.budgetEndsAt },
      { type: "evidence", source, message: why, data: { until: new Date(sooner).toISOString() } },
    );
  }
  const released = { ...vm, hold: null };
  if (vm.end && isKept(vm)) return stopping(released, { ...vm.end, message: why }, source, context);
  return applied(released, { type: "evidence", source, message: why, data: {} });
};

/** What ends it for good although somebody holds it: an order, or that there is nothing left to hold. */
const ENDS_HOLDS: ReadonlySet<LifecycleEvent["kind"]> = new Set([
  "end_requested",
  "unheld",
  "run_ended",
  "gone",
  "host_removed",
  "released",
  "handed_over",
]);

/**
 * What a step means for a VM that is held, or is to be held when it fails: where it would be stopped, its end is kept
 * and its instance stays.
 */
export function heldStep(before: Vm, event: LifecycleEvent, step: Step, context: Context): Step {
  const { now } = context;
  if (isKept(before) && isHeld(before, now)) {
    if (event.kind === "announced") return ignored("it is held");
    if (ENDS_HOLDS.has(event.kind) || !isStopped(step)) return step;
    return ignored("it is held");
  }
  if (step.outcome === "ignored") return step;
  const vm = holdOnFailure(before, event, step.vm, now);
  if (ENDS_HOLDS.has(event.kind) || !isHeld(vm, now) || !isStopped(step)) return { ...step, vm };
  const { entry, error } = step;
  const until = vm.hold?.until ?? now;
  return applied(
    enter(vm, "draining", now, until),
    entry && {
      ...entry,
      message: `${entry.message} It is held until ${new Date(until).toISOString()}.`,
      data: { ...entry.data, heldUntil: new Date(until).toISOString() },
    },
    "keep",
    error,
  );
}

function isStopped(step: Step): boolean {
  return step.outcome === "applied" && step.vm.state === "stopping" && step.attempt === "give_up";
}

const HAS_INSTANCE: ReadonlySet<Vm["state"]> = new Set(["booting", "provisioning"]);

/** The VM with the hold that its request wants of this failure. */
function holdOnFailure(before: Vm, event: LifecycleEvent, after: Vm, now: number): Vm {
  const ms = after.spec.holdOnFailureMs;
  if (ms === undefined || ms === 0 || after.hold !== null) return after;
  const reason = failureOf(before, event, after);
  return reason === undefined
    ? after
    : withHold(after, { since: now, until: now + ms, by: "its request", reason });
}

function failureOf(before: Vm, event: LifecycleEvent, after: Vm): string | undefined {
  if (after.end?.reason === "start_failed" && HAS_INSTANCE.has(before.state)) return after.end.message;
  return event.kind === "announced" && hasFailed(event) ? `Its runner exited with ${event.rc}.` : undefined;
}

function hasFailed({ phase, cause, rc }: EventOf<"announced">): boolean {
  return phase === "runner_exited" && cause === undefined && rc !== null && rc !== 0;
}

/** Who holds a VM wants it to live that long. */
function withHold(vm: Vm, held: Hold): Vm {
  return {
    ...vm,
    hold: held,
    expiresAt: vm.expiresAt === null ? null : Math.max(vm.expiresAt, held.until),
  };
}
