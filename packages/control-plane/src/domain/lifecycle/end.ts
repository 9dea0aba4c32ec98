import type { AttemptErrorCode } from "@tartfleet/shared";
import type { Announced, Vm, VmEnd } from "../vm.ts";
import { endedEarly } from "./bring-up.ts";
import type { Budgets, EventOf, HistoryEntry, Rule, Step } from "./event.ts";
import { applied, end, enter, finished, ignored, INSTANCE_LOST, isDue, runEnded, stopping } from "./steps.ts";

/* From ready to gone. */

/** The end of a VM whose runner is known to have exited. */
export function exited({ announced }: Vm): VmEnd | undefined {
  return announced === "runner_exited" || announced === "no_job" ? end(announced) : undefined;
}

/** That no job came is believed only where none was told of. */
function announcedBy(vm: Vm, { phase, cause }: EventOf<"announced">): Announced {
  return phase === "runner_exited" && cause === "no_job" && vm.job.state === "none" ? "no_job" : phase;
}

/**
 * So long a hook's word is waited for where an integration asks the CI system about the job meanwhile: only when that
 * too says nothing does the timer end it.
 */
const ASKED_GRACE_MS = 600_000;

function graceOf({ spec }: Vm, { phase }: EventOf<"announced">, { hookGrace, exitSettle }: Budgets): number {
  if (phase === "runner_exited") return exitSettle;
  const isAskedAbout = spec.runnerFrom !== undefined && spec.runnerKind === "github";
  return isAskedAbout ? Math.max(hookGrace, ASKED_GRACE_MS) : hookGrace;
}

export const drain: Rule<"announced"> = (vm, event, { now, budgets }) => {
  const grace = graceOf(vm, event, budgets);
  // A runner that exits without ever having told of a job had none.
  const hadJob = event.phase === "job_hook" || vm.job.state === "started";
  const job = hadJob ? { ...vm.job, state: "ended" as const, endedAt: vm.job.endedAt ?? now } : vm.job;
  return applied(
    enter({ ...vm, job, announced: announcedBy(vm, event) }, "draining", now, now + grace),
    announcement(vm, event, grace),
  );
};

export const drainSooner: Rule<"announced"> = (vm, event, { now, budgets }) => {
  const grace = graceOf(vm, event, budgets);
  const endsAt = Math.min(vm.budgetEndsAt ?? Number.POSITIVE_INFINITY, now + grace);
  const announced = exited(vm) ? vm.announced : announcedBy(vm, event);
  if (announced === vm.announced && endsAt === vm.budgetEndsAt) return ignored("it was announced already");
  return applied({ ...vm, announced, budgetEndsAt: endsAt }, announcement(vm, event, endsAt - now));
};

export const drainedOrExpired: Rule<"time_passed"> = (vm, _event, context) => {
  if (isDue(vm.budgetEndsAt, context.now)) {
    const cause = vm.end ? { ...vm.end, message: "Its hold is over." } : exited(vm);
    return stopping(vm, cause ?? end("hook_grace_forced"), "timer", context);
  }
  return expire(vm, { kind: "time_passed" }, context);
};

export const expire: Rule<"time_passed"> = (vm, _event, context) =>
  isDue(vm.expiresAt, context.now)
    ? stopping(vm, end("ttl"), "timer", context)
    : ignored("its time has not come");

/** A client's order stops it at once; what the runner's exit had already begun keeps its name. */
export const stopForClient: Rule<"end_requested"> = (vm, event, context) =>
  stopping(vm, exited(vm) ?? end("client", `${event.by} asked for it.`), "client", context);

export const stopAfterRun: Rule<"run_ended"> = (vm, event, context) => {
  const crashed = event.cause !== "guest_shutdown" && event.cause !== "stopped";
  const seen = end(crashed ? "guest_crashed" : "guest_shutdown", runEnded(event.cause));
  // After the runner's own exit the power-off is its consequence, not another cause.
  return stopping(vm, exited(vm) ?? seen, "host", context, { cause: event.cause, log: event.logTail });
};

/**
 * A runner is started before its agent can say so: a guest that ends meanwhile may have done its job, and a job
 * is never run twice.
 */
export const endedWhileStarting: Rule<"run_ended"> = (vm, event, context) => {
  const mayHaveRun = vm.spec.runnerKind !== null && (context.mayBeSetUp?.() ?? true);
  return mayHaveRun ? stopAfterRun(vm, event, context) : endedEarly(vm, event, context);
};

/** What an agent says when it does not reach the guest: its runner may well be at work. */
const SAYS_NOTHING_OF_THE_RUN: ReadonlySet<AttemptErrorCode> = new Set([
  "guest_unreachable",
  "provision_failed",
  "runner_missing",
  "tart_timeout",
]);

export const lostAfterReady: Rule<"failed"> = (vm, event, context) => {
  // Told from an old journal: what failed before anything ran says nothing of what runs since.
  if (event.phase === "pulling" || event.phase === "cloning") return ignored("it was seen ready since");
  if (vm.job.state !== "none" && SAYS_NOTHING_OF_THE_RUN.has(event.error.code)) {
    return ignored("a job was told of by the guest, which its host only failed to reach");
  }
  return stopping(vm, { ...end("instance_lost", event.error.message), error: event.error }, "host", context);
};

export const vanished: Rule<"gone"> = (vm, _event, { now }) =>
  finished(
    vm,
    vm.end ?? exited(vm) ?? { ...end("instance_lost"), error: INSTANCE_LOST },
    "host",
    now,
    "release",
  );

export const finish: Rule<"gone"> = (vm, _event, { now }) =>
  finished(vm, vm.end ?? end("instance_lost"), "host", now, "release");

/** Its host is no longer part of the fleet: nobody will tell of it any more. */
export const endWithHost: Rule<"host_removed"> = (vm, event, { now }) =>
  finished(
    vm,
    vm.end ?? end("host_removed", `Host ${event.hostName} was taken out of the fleet.`),
    "control_plane",
    now,
    "release",
  );

export const stopOverdue: Rule<"time_passed"> = (vm, _event, { now, budgets }) => {
  if (!isDue(vm.budgetEndsAt, now)) return ignored("its time has not come");
  return applied(
    { ...vm, budgetEndsAt: now + budgets.stopping },
    {
      type: "evidence",
      source: "timer",
      message: `Its host has not removed it for ${Math.round((now - vm.stateSince) / 1000)} s; the slot stays taken until it is seen gone.`,
      data: {},
    },
  );
};

/** The instance of an attempt that the VM has given up is gone: only its slot is concerned. */
export const releaseFormer = (vm: Vm): Step => applied(vm, null, "release");

function announcement(vm: Vm, event: EventOf<"announced">, graceMs: number): HistoryEntry {
  const ipDiffers = event.ip !== null && vm.ip !== null && event.ip !== vm.ip;
  const what =
    event.phase === "job_hook"
      ? "The job's hook announced the end"
      : `The runner's process exited${event.cause === "no_job" ? ", stopped by its guest since no job had come" : ""}`;
  return {
    type: "end_announced",
    source: event.phase === "job_hook" ? "hook" : "guest",
    message: `${what}${event.rc === null ? "" : ` (exit code ${event.rc})`}; it is left alone for ${Math.round(graceMs / 1000)} s at most.${
      ipDiffers ? ` It gave the private IP ${event.ip}, its host knew ${vm.ip}.` : ""
    }`,
    data: { phase: event.phase, rc: event.rc, ip: event.ip, ...(ipDiffers ? { knownIp: vm.ip } : {}) },
  };
}
