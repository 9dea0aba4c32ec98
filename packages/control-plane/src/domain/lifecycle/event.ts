import type {
  AttemptError,
  BringUpState,
  EndReason,
  EvidenceSource,
  Report,
  VmEventType,
} from "@tartfleet/shared";
import type { PhaseBudget } from "../budgets.ts";
import type { Resolution, Vm } from "../vm.ts";

type ReportBody<K extends Report["kind"]> = Omit<Extract<Report, { kind: K }>, "vmId">;

/** Everything that can happen to a VM. Facts about an attempt carry its number. */
export type LifecycleEvent =
  | {
      kind: "placed";
      attempt: number;
      hostId: number;
      hostName: string;
      /** It takes over what was kept warm: an instance whose guest answers. */
      warm?: Pick<Vm, "ip" | "imageDigest"> & { instance: string; pool: string };
    }
  | ReportBody<"phase">
  | ReportBody<"failed">
  | ReportBody<"run_ended">
  | ReportBody<"gone">
  | ReportBody<"stop_rung">
  | ReportBody<"script_result">
  | {
      kind: "announced";
      attempt: number;
      phase: "job_hook" | "runner_exited";
      /** The guest ended the runner itself, because no job came. */
      cause?: "no_job" | undefined;
      rc: number | null;
      ip: string | null;
    }
  | { kind: "image_answered"; answer: ImageAnswer }
  | { kind: "wrong_job"; attempt: number; jobId: string }
  | { kind: "job_started"; attempt: number; details: Vm["job"]["details"] }
  | { kind: "end_requested"; by: string }
  /** The integration that asked for it goes by its CI system's word. */
  | { kind: "ci_ended"; reason: CiEnd; why: string }
  /** Whatever ends it, its instance is to stay until then. */
  | { kind: "held"; by: string; reason: string | null; until: number }
  /** It need not stay any longer than that. */
  | { kind: "unheld"; source: "client" | "control_plane"; why: string; until: number }
  /** Of a VM that is kept warm: another takes its instance over. */
  | { kind: "handed_over"; vmId: string }
  /** Of a VM that is kept warm: it is not to be any longer. */
  | { kind: "released"; why: string }
  | { kind: "host_silent"; attempt: number; hostName: string }
  | { kind: "host_removed"; attempt: number; hostName: string }
  | { kind: "time_passed" };

/** What a CI system's word may end a VM for. */
export type CiEnd = Extract<EndReason, "job_over" | "not_registered" | "not_needed">;

/** What became of the question what its image's tag stands for. `missing`: its registry has no such tag. */
export type ImageAnswer =
  | Exclude<Resolution, { kind: "waiting" }>
  | { kind: "missing"; host: string; said: string };

export type LifecycleEventKind = LifecycleEvent["kind"];

/** How long things may take, in milliseconds. */
export interface Budgets {
  phase: Record<"assigned" | BringUpStateBeforeReady, number>;
  stopping: number;
  hookGrace: number;
  exitSettle: number;
  maxAttempts: number;
}
export type BringUpStateBeforeReady = Exclude<BringUpState, "ready">;

export interface Context {
  now: number;
  budgets: Budgets;
  /** How long a VM may be in a phase, where that is not the same for all. */
  budgetOf?: (vm: Vm, phase: BringUpStateBeforeReady) => PhaseBudget;
  /** How many of the VM's failed attempts came upon a slot that was not free; without it none is known. */
  refusals?: () => number;
  /** Whether the guest of its present attempt may have been set up: its credentials were asked for. */
  mayBeSetUp?: () => boolean;
}

/** What goes into the VM's history: one entry for a step, in the same transaction. */
export interface HistoryEntry {
  type: VmEventType;
  source: EvidenceSource;
  message: string;
  data: Record<string, unknown>;
}

/**
 * What a step means. `attempt` tells what becomes of the attempt that it concerns: `give_up` wants its
 * instance gone, `release` frees its slot because the instance was seen gone.
 */
export type Step =
  | {
      outcome: "applied";
      vm: Vm;
      entry: HistoryEntry | null;
      attempt: "keep" | "give_up" | "release";
      /** Why the attempt failed, when that is what happened. */
      error: AttemptError | null;
    }
  | { outcome: "ignored"; reason: string };

export type EventOf<K extends LifecycleEventKind> = Extract<LifecycleEvent, { kind: K }>;
export type Rule<K extends LifecycleEventKind> = (vm: Vm, event: EventOf<K>, context: Context) => Step;
/** What each event does in one state. */
export type Row = { [K in LifecycleEventKind]: Rule<K> };
