import { END_REASONS, type Phase } from "@tartfleet/shared";
import type { PhaseTime } from "./history/phase-time.ts";
import type { Vm } from "./vm.ts";

/**
 * The trace that a VM's spans belong to. Kept with the VM, so that no restart tears it apart. Ids are hexadecimal, as in
 * W3C Trace Context.
 */
export interface VmTrace {
  traceId: string;
  /** Of the VM's own span, to which those of its phases belong. */
  spanId: string;
  /** Of the caller's span; null: the trace begins with the VM. */
  parentId: string | null;
}

/** Something that is over. Times are milliseconds since 1970. */
export interface Span {
  /** `vm` is the VM's bring-up as a whole. */
  name: "vm" | Phase;
  from: number;
  until: number;
  attempt: number;
  hostId: number | null;
  /** `done`, or why it did not come to its end. */
  outcome: string;
  isError: boolean;
}

const BRINGS_UP: ReadonlySet<Vm["state"]> = new Set([
  "queued",
  "assigned",
  "pulling",
  "cloning",
  "booting",
  "provisioning",
]);

/**
 * The spans that are over with a step of the lifecycle that finished a phase: the phase's, and the VM's own when its
 * runner was started or when it will never be.
 *
 * @param vm as it is after the step
 */
export function spansOver(vm: Vm, phase: PhaseTime): Span[] {
  const { attempt, hostId, outcome } = phase;
  const about = { until: phase.at, attempt, hostId };
  const own: Span = {
    ...about,
    name: phase.phase,
    from: phase.at - phase.durationMs,
    outcome,
    isError: isFailure(outcome),
  };
  const isBringUpOver = phase.phase !== "run" && phase.phase !== "stop" && !BRINGS_UP.has(vm.state);
  if (!isBringUpOver) return [own];
  const whole = vm.readyAt === null ? (vm.end?.error?.code ?? vm.end?.reason ?? outcome) : "done";
  return [own, { ...about, name: "vm", from: vm.createdAt, outcome: whole, isError: isFailure(whole) }];
}

/** What ended as it was to end is no failure, however early it was. */
function isFailure(outcome: string): boolean {
  if (outcome === "done") return false;
  return !Object.entries(END_REASONS).some(
    ([reason, { outcome: state }]) => reason === outcome && state === "deleted",
  );
}
