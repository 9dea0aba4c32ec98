import {
  ATTEMPT_ERRORS,
  isTerminal,
  keysOf,
  type AttemptError,
  type AttemptErrorCode,
  type EndReason,
  type Phase,
} from "@tartfleet/shared";
import { isKept } from "../lifecycle/hold.ts";
import type { Vm } from "../vm.ts";
import { isMeasured, type Gap } from "./gap.ts";

/** How a phase ended: it led on to the next, its attempt failed, or its VM came to its end. */
export type PhaseOutcome = "done" | AttemptErrorCode | EndReason;

/** What became of an attempt: its VM was ready, it failed, or what was ready was lost. */
export type Verdict = "ready" | "guest_crashed" | AttemptErrorCode;

/** One finished phase of an attempt, or of its VM's wait. Times are milliseconds. */
export interface PhaseTime {
  /** When it ended. */
  at: number;
  vmId: string;
  /** Of a wait: the attempt that ended it, or the last one when none did. */
  attempt: number;
  hostId: number | null;
  team: string;
  image: string;
  digest: string | null;
  phase: Phase;
  durationMs: number;
  outcome: PhaseOutcome;
  /** It came to its end and its duration is to be believed (`isMeasured`). Of a run every end counts. */
  measured: boolean;
  /** Set on the phase with which it was decided. */
  verdict: Verdict | null;
}

const isReady = (state: Vm["state"]) => state === "ready" || state === "draining";

/**
 * The phase that a step of the lifecycle has finished; null when it goes on. Pure.
 *
 * @param error why the step's attempt failed, if it did
 * @param gapOf the newest gap in what was heard of a host (null: of anything)
 */
export function finishedPhase(
  before: Vm,
  after: Vm,
  error: AttemptError | null,
  now: number,
  gapOf: (hostId: number | null) => Gap | undefined = () => undefined,
): PhaseTime | null {
  // What it was ended by has ended its phase: that it is kept for somebody is none.
  if (isKept(before) || isTerminal(before.state)) return null;
  if (before.state === after.state && !isKept(after)) return null;
  if (isReady(before.state) && isReady(after.state) && !isKept(after)) return null;
  const phase = phaseOf(before.state);
  const waited = phase === "queued";
  const { team, spec } = before;
  const from = phase === "run" ? (before.readyAt ?? before.stateSince) : before.stateSince;
  const outcome = outcomeOf(phase, after, error);
  const hostId = waited ? after.hostId : before.hostId;
  const sharp = isMeasured(
    { phase, from, until: now },
    gapOf(waited ? null : hostId),
    waited ? from : (before.assignedAt ?? from),
  );
  return {
    at: now,
    vmId: before.id,
    attempt: waited ? after.attempt : before.attempt,
    hostId,
    team,
    image: spec.image,
    digest: waited ? null : (after.imageDigest ?? before.imageDigest),
    phase,
    durationMs: Math.max(0, now - from),
    outcome,
    measured: sharp && (outcome === "done" || phase === "run"),
    verdict: verdictOf(phase, after, outcome),
  };
}

/** A VM that a pool keeps warm is never ready, and has shown as much of its host and image as it ever will. */
const isStandingBy = ({ state, spec }: Vm) => state === "provisioning" && spec.pool !== undefined;

/** The phase that a state belongs to. */
export function phaseOf(state: Exclude<Vm["state"], "deleted" | "failed">): Phase {
  if (state === "ready" || state === "draining") return "run";
  return state === "stopping" ? "stop" : state;
}

function outcomeOf(phase: Phase, after: Vm, error: AttemptError | null): PhaseOutcome {
  if (phase === "stop") return "done";
  if (error) return error.code;
  if (after.end === null) return "done";
  return after.end.error?.code ?? after.end.reason;
}

const ERROR_CODES: ReadonlySet<string> = new Set(keysOf(ATTEMPT_ERRORS));

function verdictOf(phase: Phase, after: Vm, outcome: PhaseOutcome): Verdict | null {
  if (phase === "queued" || phase === "stop") return null;
  if (phase !== "run" && ((isReady(after.state) && !isKept(after)) || isStandingBy(after))) {
    return "ready";
  }
  return outcome === "guest_crashed" || isErrorCode(outcome) ? outcome : null;
}

function isErrorCode(outcome: PhaseOutcome): outcome is AttemptErrorCode {
  return ERROR_CODES.has(outcome);
}
