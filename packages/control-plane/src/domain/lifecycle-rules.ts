import {
  ATTEMPT_ERRORS,
  BRING_UP_STATES,
  END_REASONS,
  type AttemptError,
  type BringUpState,
  type EndReason,
  type EvidenceSource,
  type VmState,
} from "@tartfleet/shared";
import type { Context, HistoryEntry, LifecycleEvent, Rule, Step } from "./lifecycle.ts";
import type { Vm } from "./vm.ts";

/**
 * The rules that fill the lifecycle's table. Each is one sentence about one event; what they have in common
 * is at the bottom.
 */

export const assign: Rule<"placed"> = (vm, event, { now, budgets }) =>
  applied(
    enter(
      {
        ...vm,
        attempt: event.attempt,
        hostId: event.hostId,
        assignedAt: now,
        expiresAt: vm.expiresAt ?? now + vm.spec.ttlMs,
        ip: null,
        imageDigest: null,
        pullPercent: null,
      },
      "assigned",
      now,
      now + budgets.phase.assigned,
    ),
    state("control_plane", `Placed on ${event.hostName} as attempt ${event.attempt}.`, {
      host: event.hostName,
    }),
  );

export const cancelQueued: Rule<"end_requested"> = (vm, event, { now }) =>
  finished(vm, end("client", `${event.by} asked for it while it was queued.`), "client", now, "keep");

export const queueTimedOut: Rule<"time_passed"> = (vm, _event, { now }) => {
  if (isDue(vm.expiresAt, now)) return finished(vm, end("ttl"), "timer", now, "keep");
  if (!isDue(vm.budgetEndsAt, now)) return ignored("its time has not come");
  return finished(vm, end("queue_timeout"), "timer", now, "keep");
};

export const advance: Rule<"phase"> = (vm, event, context) => {
  const from = BRING_UP_STATES.findIndex((state) => state === vm.state);
  const to = BRING_UP_STATES.indexOf(event.phase);
  if (to < from) return ignored(`it was seen ${vm.state} already`);
  const seen = { ...vm, ...observed(vm, event) };
  if (to === from) {
    const moved = event.phase === "pulling" && event.pullPercent !== vm.pullPercent;
    const budgetEndsAt = moved ? context.now + context.budgets.phase.pulling : vm.budgetEndsAt;
    return applied({ ...seen, budgetEndsAt }, null);
  }
  if (event.phase === "ready") {
    return applied(
      enter({ ...seen, readyAt: context.now }, "ready", context.now, null),
      state("host", vm.spec.runnerKind === null ? "The guest is reachable." : "The runner was started."),
    );
  }
  return applied(
    enter(seen, event.phase, context.now, context.now + context.budgets.phase[event.phase]),
    state("host", PHASE_MESSAGES[event.phase]),
  );
};

export const tryAgainOrFail: Rule<"failed"> = (vm, event, context) =>
  attemptFailed(vm, event.error, "host", context, "give_up");

export const endedEarly: Rule<"run_ended"> = (vm, event, context) =>
  attemptFailed(
    vm,
    {
      code: "guest_ended_early",
      message: `The instance ended (${event.cause}) while ${vm.state}, before it was ready.`,
      facts: { cause: event.cause, log: event.logTail },
    },
    "host",
    context,
    "give_up",
  );

export const vanishedEarly: Rule<"gone"> = (vm, _event, context) =>
  attemptFailed(vm, INSTANCE_LOST, "host", context, "release");

export const abandonSilentHost: Rule<"host_silent"> = (vm, event, context) =>
  attemptFailed(
    vm,
    {
      code: "host_silent",
      message: `Host ${event.hostName} has been silent for too long; what it has of this attempt is removed when it returns.`,
      facts: {},
    },
    "control_plane",
    context,
    "give_up",
  );

export const phaseTimedOut: Rule<"time_passed"> = (vm, _event, context) => {
  if (isDue(vm.expiresAt, context.now)) return stopping(vm, end("ttl"), "timer", context);
  if (!isDue(vm.budgetEndsAt, context.now)) return ignored("its time has not come");
  const seconds = Math.round((context.now - vm.stateSince) / 1000);
  return attemptFailed(
    vm,
    {
      code: "phase_timeout",
      message: `It was ${vm.state} for ${seconds} s, longer than allowed.`,
      facts: { phase: vm.state },
    },
    "timer",
    context,
    "give_up",
  );
};

export const refresh: Rule<"phase"> = (vm, event) => {
  const seen = { ...vm, ...observed(vm, event) };
  if (event.phase === "ready" && vm.readyAt === null)
    return applied({ ...seen, readyAt: vm.stateSince }, null);
  return seen.ip === vm.ip && seen.imageDigest === vm.imageDigest
    ? ignored("nothing new")
    : applied(seen, null);
};

export const drain: Rule<"announced"> = (vm, event, { now, budgets }) => {
  const grace = event.phase === "job_hook" ? budgets.hookGrace : budgets.exitSettle;
  const job = { ...vm.job, state: "ended" as const, endedAt: vm.job.endedAt ?? now };
  return applied(
    enter({ ...vm, job, announced: event.phase }, "draining", now, now + grace),
    announcement(vm, event, grace),
  );
};

export const drainSooner: Rule<"announced"> = (vm, event, { now, budgets }) => {
  const grace = event.phase === "job_hook" ? budgets.hookGrace : budgets.exitSettle;
  const endsAt = Math.min(vm.budgetEndsAt ?? Number.POSITIVE_INFINITY, now + grace);
  const announced = vm.announced === "runner_exited" ? "runner_exited" : event.phase;
  if (announced === vm.announced && endsAt === vm.budgetEndsAt) return ignored("it was announced already");
  return applied({ ...vm, announced, budgetEndsAt: endsAt }, announcement(vm, event, endsAt - now));
};

export const drainedOrExpired: Rule<"time_passed"> = (vm, _event, context) => {
  if (isDue(vm.budgetEndsAt, context.now)) {
    return stopping(
      vm,
      end(vm.announced === "runner_exited" ? "runner_exited" : "hook_grace_forced"),
      "timer",
      context,
    );
  }
  return expire(vm, { kind: "time_passed" }, context);
};

export const expire: Rule<"time_passed"> = (vm, _event, context) =>
  isDue(vm.expiresAt, context.now)
    ? stopping(vm, end("ttl"), "timer", context)
    : ignored("its time has not come");

/** A client's order stops it at once; what the runner's exit had already begun keeps its name. */
export const stopForClient: Rule<"end_requested"> = (vm, event, context) =>
  stopping(
    vm,
    vm.announced === "runner_exited" ? end("runner_exited") : end("client", `${event.by} asked for it.`),
    "client",
    context,
  );

export const stopAfterRun: Rule<"run_ended"> = (vm, event, context) => {
  const crashed = event.cause !== "guest_shutdown" && event.cause !== "stopped";
  const seen = end(crashed ? "guest_crashed" : "guest_shutdown", `tart run ended: ${event.cause}.`);
  // After the runner's own exit the power-off is its consequence, not another cause.
  const cause = vm.announced === "runner_exited" ? end("runner_exited") : seen;
  return stopping(vm, cause, "host", context, { cause: event.cause, log: event.logTail });
};

export const lostAfterReady: Rule<"failed"> = (vm, event, context) =>
  stopping(vm, { ...end("instance_lost", event.error.message), error: event.error }, "host", context);

export const vanished: Rule<"gone"> = (vm, _event, { now }) =>
  finished(
    vm,
    vm.announced === "runner_exited"
      ? end("runner_exited")
      : { ...end("instance_lost"), error: INSTANCE_LOST },
    "host",
    now,
    "release",
  );

export const finish: Rule<"gone"> = (vm, _event, { now }) =>
  finished(vm, vm.end ?? end("instance_lost"), "host", now, "release");

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

export const startJob: Rule<"job_started"> = (vm, event, { now }) => {
  if (vm.job.state !== "none") return noteSecondJob(vm, event, { now, budgets: NO_BUDGETS });
  return applied(
    { ...vm, job: { state: "started", startedAt: now, endedAt: null, details: event.details } },
    { type: "job", source: "hook", message: "The runner started a job.", data: { ...event.details } },
  );
};

export const noteSecondJob: Rule<"job_started"> = (vm, event) =>
  applied(vm, {
    type: "evidence",
    source: "hook",
    message: `The runner says that it started another job although this VM's job is ${vm.job.state}.`,
    data: { ...event.details },
  });

export const keepResult: Rule<"script_result"> = (vm, event) => {
  if (vm.scriptResult !== null) return ignored("the result is known");
  const { exitCode, output, truncated } = event;
  return applied(
    { ...vm, scriptResult: { exitCode, output, truncated } },
    {
      type: "evidence",
      source: "guest",
      message: `The script's exit code is ${exitCode ?? "unknown"}.`,
      data: { exitCode },
    },
  );
};

/** Facts that change nothing but belong into the history. */
export const note = (
  vm: Vm,
  event: Extract<LifecycleEvent, { kind: "stop_rung" | "run_ended" | "wrong_job" }>,
): Step => {
  switch (event.kind) {
    case "stop_rung": {
      const { rung, outcome, milliseconds, detail } = event;
      return applied(vm, {
        type: "stop_rung",
        source: "host",
        message: `${rung}: ${outcome} after ${milliseconds} ms${detail === undefined ? "" : ` (${detail})`}`,
        data: { rung, outcome, milliseconds },
      });
    }
    case "run_ended":
      return applied(vm, {
        type: "evidence",
        source: "host",
        message: `tart run ended: ${event.cause}.`,
        data: { cause: event.cause, log: event.logTail },
      });
    case "wrong_job":
      return applied(vm, {
        type: "evidence",
        source: "guest",
        message: `Its guest spoke for job ${event.jobId}, which is not this VM's: refused.`,
        data: { jobId: event.jobId },
      });
    default:
      return event satisfies never;
  }
};

const PHASE_MESSAGES: Record<Exclude<BringUpState, "ready">, string> = {
  pulling: "The host pulls the image.",
  cloning: "The host clones the image.",
  booting: "The instance boots.",
  provisioning: "The guest answers and is being set up.",
};

const INSTANCE_LOST: AttemptError = {
  code: "instance_lost",
  message: "Its instance is no longer on the host; somebody or something removed it.",
  facts: {},
};

const NO_BUDGETS = {
  phase: { assigned: 0, pulling: 0, cloning: 0, booting: 0, provisioning: 0 },
  stopping: 0,
  hookGrace: 0,
  exitSettle: 0,
  maxAttempts: 0,
};

function isDue(time: number | null, now: number): boolean {
  return time !== null && time <= now;
}

function ignored(reason: string): Step {
  return { outcome: "ignored", reason };
}

function applied(vm: Vm, entry: HistoryEntry | null, attempt: "keep" | "give_up" | "release" = "keep"): Step {
  return { outcome: "applied", vm, entry, attempt };
}

function state(source: EvidenceSource, message: string, data: Record<string, unknown> = {}): HistoryEntry {
  return { type: "state", source, message, data };
}

function enter(vm: Vm, next: VmState, now: number, budgetEndsAt: number | null): Vm {
  return { ...vm, state: next, stateSince: now, budgetEndsAt };
}

function end(reason: EndReason, message: string = END_REASONS[reason].text): NonNullable<Vm["end"]> {
  return { reason, message, error: null };
}

function observed(vm: Vm, event: Extract<LifecycleEvent, { kind: "phase" }>): Partial<Vm> {
  return {
    ip: event.ip ?? vm.ip,
    imageDigest: event.imageDigest ?? vm.imageDigest,
    pullPercent: event.phase === "pulling" ? (event.pullPercent ?? vm.pullPercent) : null,
  };
}

function announcement(
  vm: Vm,
  event: Extract<LifecycleEvent, { kind: "announced" }>,
  graceMs: number,
): HistoryEntry {
  const ipDiffers = event.ip !== null && vm.ip !== null && event.ip !== vm.ip;
  const what =
    event.phase === "job_hook" ? "The job's hook announced the end" : "The runner's process exited";
  return {
    type: "end_announced",
    source: event.phase === "job_hook" ? "hook" : "guest",
    message: `${what}${event.rc === null ? "" : ` (exit code ${event.rc})`}; it is left alone for ${Math.round(graceMs / 1000)} s at most.${
      ipDiffers ? ` It gave the private IP ${event.ip}, its host knew ${vm.ip}.` : ""
    }`,
    data: { phase: event.phase, rc: event.rc, ip: event.ip, ...(ipDiffers ? { knownIp: vm.ip } : {}) },
  };
}

function stopping(
  vm: Vm,
  cause: NonNullable<Vm["end"]>,
  source: EvidenceSource,
  { now, budgets }: Context,
  data: Record<string, unknown> = {},
): Step {
  return applied(
    enter({ ...vm, end: cause }, "stopping", now, now + budgets.stopping),
    {
      type: source === "client" ? "end_requested" : "state",
      source,
      message: cause.message,
      data: { reason: cause.reason, ...data },
    },
    "give_up",
  );
}

function finished(
  vm: Vm,
  cause: NonNullable<Vm["end"]>,
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

/** Before a VM is ready a failed attempt gets another one, unless every host would say the same. */
function attemptFailed(
  vm: Vm,
  error: AttemptError,
  source: EvidenceSource,
  context: Context,
  attempt: "give_up" | "release",
): Step {
  const { now, budgets } = context;
  const data = { error, phase: vm.state };
  const again = ATTEMPT_ERRORS[error.code].again === "elsewhere" && vm.attempt < budgets.maxAttempts;
  if (again && !isDue(vm.expiresAt, now)) {
    return applied(
      enter({ ...vm, hostId: null }, "queued", now, now + vm.spec.queueTimeoutMs),
      { type: "attempt_failed", source, message: `Attempt ${vm.attempt} failed: ${error.message}`, data },
      attempt,
    );
  }
  const cause = { ...end("start_failed", error.message), error };
  const failed: HistoryEntry = {
    type: "attempt_failed",
    source,
    message: `Attempt ${vm.attempt} failed, there is no other: ${error.message}`,
    data,
  };
  if (attempt === "give_up") {
    return applied(enter({ ...vm, end: cause }, "stopping", now, now + budgets.stopping), failed, "give_up");
  }
  return applied({ ...enter({ ...vm, end: cause }, "failed", now, null), endedAt: now }, failed, "release");
}
