import {
  END_REASONS,
  type AttemptError,
  type EndReason,
  type EvidenceSource,
  type Report,
  type VmState,
} from "@tartfleet/shared";
import type { Vm, VmEnd } from "../vm.ts";
import type { Context, HistoryEntry, Step } from "./event.ts";

/* What the rules have in common. */

export const INSTANCE_LOST: AttemptError = {
  code: "instance_lost",
  message: "Its instance is no longer on the host; somebody or something removed it.",
  facts: {},
};

export function isDue(time: number | null, now: number): boolean {
  return time !== null && time <= now;
}

export function ignored(reason: string): Step {
  return { outcome: "ignored", reason };
}

export function applied(
  vm: Vm,
  entry: HistoryEntry | null,
  attempt: "keep" | "give_up" | "release" = "keep",
  error: AttemptError | null = null,
): Step {
  return { outcome: "applied", vm, entry, attempt, error };
}

export function state(
  source: EvidenceSource,
  message: string,
  data: Record<string, unknown> = {},
): HistoryEntry {
  return { type: "state", source, message, data };
}

export function enter(vm: Vm, next: VmState, now: number, budgetEndsAt: number | null): Vm {
  return { ...vm, state: next, stateSince: now, budgetEndsAt };
}

export function end(reason: EndReason, message: string = END_REASONS[reason].text): VmEnd {
  return { reason, message, error: null };
}

export function stopping(
  vm: Vm,
  cause: VmEnd,
  source: EvidenceSource,
  { now, budgets }: Context,
  data: Record<string, unknown> = {},
): Step {
  // Of a VM that was held its end is known already.
  const first = vm.end ?? cause;
  return applied(
    enter({ ...vm, end: first }, "stopping", now, now + budgets.stopping),
    {
      type: source === "client" ? "end_requested" : "state",
      source,
      message: cause.message,
      data: { reason: first.reason, ...data },
    },
    "give_up",
  );
}

export function finished(
  vm: Vm,
  cause: VmEnd,
  source: EvidenceSource,
  now: number,
  attempt: "keep" | "release",
): Step {
  const { outcome } = END_REASONS[cause.reason];
  return applied(
    {
      ...enter({ ...vm, end: cause }, outcome, now, null),
      hostId: attempt === "release" ? vm.hostId : null,
      endedAt: now,
    },
    state(source, attempt === "release" ? "Its instance is gone and the slot is free." : cause.message, {
      reason: cause.reason,
    }),
    attempt,
  );
}

/** A run that ends without a word was killed with its agent, which would have seen the signal, or with its host. */
export function runEnded(cause: Extract<Report, { kind: "run_ended" }>["cause"]): string {
  return cause === "unknown"
    ? "tart run ended without a word: somebody killed it, or its host restarted."
    : `tart run ended: ${cause}.`;
}
