import type { AttemptError, Report } from "@tartfleet/shared";
import type { RunMark } from "./instance.ts";

/** Why a step did not succeed. */
export interface StepFailure {
  error: AttemptError;
  /**
   * final: the attempt failed · again: the same may succeed soon · no_slot: the host had no slot for
   * another macOS VM
   */
  kind: "final" | "again" | "no_slot";
}

export type RunEndFacts = Pick<Extract<Report, { kind: "run_ended" }>, "cause" | "logTail"> & {
  /** Set when it never really started. */
  failure: StepFailure | null;
};

export type RungFacts = Pick<Extract<Report, { kind: "stop_rung" }>, "outcome" | "milliseconds" | "detail">;

export type ScriptFacts = Pick<
  Extract<Report, { kind: "script_result" }>,
  "exitCode" | "output" | "truncated"
>;

/** What carrying out a step brought to light. */
export type Outcome =
  | { kind: "done" }
  /** It was cut off because something else is wanted, or the run ended under it. */
  | { kind: "cut_off" }
  /** The control plane does not want it any more, but its next set has not come yet. */
  | { kind: "not_now" }
  | { kind: "failed"; failure: StepFailure }
  | { kind: "cloned"; imageDigest: string | null }
  | { kind: "run_begun"; run: RunMark | null; bootedAt: number }
  | { kind: "guest_reached"; ip: string | null }
  | { kind: "provisioned"; ip: string | null }
  | { kind: "ended"; end: RunEndFacts }
  | { kind: "script_result"; result: ScriptFacts | null }
  | { kind: "rung"; facts: RungFacts }
  | { kind: "deleted"; facts: RungFacts };
