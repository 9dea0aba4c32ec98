import {
  parseInstanceName,
  vmIdSchema,
  type AttemptError,
  type AttemptRef,
  type BringUpState,
  type GuestOs,
  type Report,
} from "@tartfleet/shared";

/**
 * How far an attempt was brought, as its journal tells it. `cloning` and `starting` are written before
 * the act, the others after it: a crash in between leaves an intent that the next look resolves.
 *
 * new: nothing was done · cloning: perhaps half a clone · cloned · configured · starting: `tart run` may
 * exist · started: it did exist; never again after this · ready: the guest was provisioned
 */
export const STAGES = ["new", "cloning", "cloned", "configured", "starting", "started", "ready"] as const;
export type Stage = (typeof STAGES)[number];

/** A `tart run` process, named for good by pid and start. */
export interface RunMark {
  pid: number;
  startedAt: string;
}

/** What outlives the agent's process; holds no secret. */
export interface Entry extends AttemptRef {
  stage: Stage;
  /** null when the agent has never known an assignment for it. */
  os: GuestOs | null;
  imageDigest: string | null;
  ip: string | null;
  run: RunMark | null;
  /** When it was started, in milliseconds since 1970; null before that. */
  bootedAt: number | null;
  failure: { phase: BringUpState; error: AttemptError } | null;
}

/** What is lost with the process, and harmless to lose. Times are of the monotonic clock. */
export interface Memory {
  /** Nothing is done before this time. */
  retryAt: number;
  /** Failed tries of the present step. */
  tries: number;
  pulled: boolean;
  /** Clones that had to be thrown away. */
  discards: number;
  /** Since when it waits for a slot of the host. */
  slotWaitSince: number | null;
  guestReached: boolean;
  scriptRead: boolean;
  /** Index into STOP_RUNGS of the next rung. */
  nextRung: number;
  /** How the run ended, as it was reported. */
  end: Extract<Report, { kind: "run_ended" }> | null;
  phase: Extract<Report, { kind: "phase" }> | null;
  goneReported: boolean;
}

/** One attempt on this host. Never changed in place. */
export interface Instance {
  readonly name: string;
  readonly entry: Readonly<Entry>;
  readonly memory: Readonly<Memory>;
}

/** An attempt of which nothing was done yet, or of which nothing is known but its name. */
export function newInstance(name: string, ref: AttemptRef, os: GuestOs | null): Instance {
  return restored(name, {
    vmId: ref.vmId,
    attempt: ref.attempt,
    stage: "new",
    os,
    imageDigest: null,
    ip: null,
    run: null,
    bootedAt: null,
    failure: null,
  });
}

/** An attempt as the journal kept it. What it had come to is told again: the last report may be lost. */
export function restored(name: string, entry: Entry): Instance {
  return {
    name,
    entry,
    memory: {
      retryAt: 0,
      tries: 0,
      pulled: false,
      discards: 0,
      slotWaitSince: null,
      guestReached: false,
      scriptRead: false,
      nextRung: 0,
      end: null,
      phase: phaseOf(entry),
      goneReported: false,
    },
  };
}

function phaseOf({ vmId, attempt, stage, imageDigest, ip }: Entry): Memory["phase"] {
  if (stage !== "started" && stage !== "ready") return null;
  return {
    kind: "phase",
    vmId,
    attempt,
    phase: stage === "ready" ? "ready" : "booting",
    ...(imageDigest === null ? {} : { imageDigest }),
    ...(ip === null ? {} : { ip }),
  };
}

/** The attempt that a tart VM belongs to; undefined for a foreign one, which is never touched. */
export function ownAttempt(vmName: string): AttemptRef | undefined {
  const ref = parseInstanceName(vmName);
  return ref && vmIdSchema.safeParse(ref.vmId).success ? ref : undefined;
}
