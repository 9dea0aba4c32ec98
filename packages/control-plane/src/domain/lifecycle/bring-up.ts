import {
  ATTEMPT_ERRORS,
  BRING_UP_STATES,
  type AttemptError,
  type BringUpState,
  type EvidenceSource,
} from "@tartfleet/shared";
import type { Vm } from "../vm.ts";
import type { PhaseBudget } from "../budgets.ts";
import type {
  BringUpStateBeforeReady,
  Context,
  EventOf,
  HistoryEntry,
  LifecycleEvent,
  Rule,
  Step,
} from "./event.ts";
import { standBy, usedByOthers } from "./warm.ts";
import { applied, end, enter, finished, ignored, INSTANCE_LOST, isDue, state, stopping } from "./steps.ts";

/* From the queue to ready. */

export const assign: Rule<"placed"> = (vm, event, context) =>
  event.warm ? takeOver(vm, event, event.warm, context) : placeAnew(vm, event, context);

const placeAnew: Rule<"placed"> = (vm, event, { now, budgets }) =>
  applied(
    enter(
      {
        ...vm,
        attempt: event.attempt,
        hostId: event.hostId,
        assignedAt: now,
        expiresAt: vm.expiresAt ?? now + vm.spec.ttlMs,
        ip: null,
        imageDigest: vm.resolution?.kind === "digest" ? vm.resolution.digest : null,
        pullPercent: null,
        pullTotalBytes: null,
      },
      "assigned",
      now,
      now + budgets.phase.assigned,
    ),
    state("control_plane", `Placed on ${event.hostName} as attempt ${event.attempt}.`, {
      host: event.hostName,
    }),
  );

/** What its image's tag stands for is settled once: no later answer changes it. */
export const settleImage: Rule<"image_answered"> = (vm, { answer }, { now }) => {
  if (vm.resolution?.kind !== "waiting") return ignored("its image is settled");
  const { image } = vm.spec;
  switch (answer.kind) {
    case "digest":
      return applied(
        { ...vm, resolution: answer, imageDigest: answer.digest },
        {
          type: "evidence",
          source: "host",
          message: `${image} stands for ${answer.digest}, as ${answer.host} learned from its registry; that is what runs.`,
          data: { image, digest: answer.digest, host: answer.host },
        },
      );
    case "given_up":
      return applied(
        { ...vm, resolution: answer },
        {
          type: "evidence",
          source: "control_plane",
          message: `What ${image} stands for could not be learned: ${answer.why} It runs what the tag means on its host.`,
          data: { image },
        },
      );
    case "missing": {
      const message = `${image} does not exist: ${answer.host} asked its registry. ${answer.said}`;
      const facts = { host: answer.host, answer: answer.said };
      const error: AttemptError = { code: "image_not_found", message, facts };
      return finished(vm, { ...end("image_not_found", message), error }, "host", now, "keep");
    }
    default:
      return answer satisfies never;
  }
};

/** Its instance is there, and its guest has been reached: what is left is to set it up. */
function takeOver(
  vm: Vm,
  { attempt, hostId, hostName }: EventOf<"placed">,
  { ip, imageDigest, instance, pool }: NonNullable<EventOf<"placed">["warm"]>,
  context: Context,
): Step {
  const { now } = context;
  const { ms, source } = budgetIn(vm, "provisioning", context);
  return applied(
    enter(
      {
        ...vm,
        attempt,
        hostId,
        assignedAt: now,
        expiresAt: vm.expiresAt ?? now + vm.spec.ttlMs,
        ip,
        imageDigest,
        pullPercent: null,
      },
      "provisioning",
      now,
      now + ms,
    ),
    state(
      "control_plane",
      `Placed on ${hostName} as attempt ${attempt}, on the warm instance ${instance} of pool ${pool}.`,
      { host: hostName, instance, pool, budgetSeconds: ms / 1000, budgetFrom: source },
    ),
  );
}

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
    const budgetEndsAt = moved ? context.now + budgetIn(vm, "pulling", context).ms : vm.budgetEndsAt;
    return applied({ ...seen, budgetEndsAt }, null);
  }
  if (vm.spec.pool !== undefined && (event.phase === "ready" || event.phase === "provisioning")) {
    return event.phase === "ready" ? usedByOthers(vm, context) : standBy(seen, context);
  }
  if (event.phase === "ready") {
    return applied(
      enter({ ...seen, readyAt: context.now }, "ready", context.now, null),
      state("host", vm.spec.runnerKind === null ? "The guest is reachable." : "The runner was started."),
    );
  }
  const { ms, source } = budgetIn(vm, event.phase, context);
  return applied(
    enter(seen, event.phase, context.now, context.now + ms),
    state("host", PHASE_MESSAGES[event.phase], { budgetSeconds: ms / 1000, budgetFrom: source }),
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

export const abandonRemovedHost: Rule<"host_removed"> = (vm, event, context) =>
  attemptFailed(
    vm,
    {
      code: "host_removed",
      message: `Host ${event.hostName} was taken out of the fleet.`,
      facts: {},
    },
    "control_plane",
    context,
    "release",
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

function budgetIn(vm: Vm, phase: BringUpStateBeforeReady, { budgets, budgetOf }: Context): PhaseBudget {
  return budgetOf?.(vm, phase) ?? { ms: budgets.phase[phase], source: "default" };
}

const PHASE_MESSAGES: Record<Exclude<BringUpState, "ready">, string> = {
  pulling: "The host pulls the image.",
  cloning: "The host clones the image.",
  booting: "The instance boots.",
  provisioning: "The guest answers and is being set up.",
};

/** How often a VM may come upon a slot that is not free beyond its attempts. */
const SPARE_ATTEMPTS = 5;

/** Before a VM is ready a failed attempt gets another one, unless every host would say the same. */
function attemptFailed(
  vm: Vm,
  error: AttemptError,
  source: EvidenceSource,
  context: Context,
  attempt: "give_up" | "release",
): Step {
  const { now, budgets, refusals } = context;
  const data = { error, phase: vm.state };
  // A slot that something else has is nobody's failure: it costs a VM none of its attempts, within bounds.
  const refused = (refusals?.() ?? 0) + (error.code === "vm_limit_reached" ? 1 : 0);
  const mayTry =
    vm.spec.pool === undefined && vm.attempt - Math.min(refused, SPARE_ATTEMPTS) < budgets.maxAttempts;
  const again = ATTEMPT_ERRORS[error.code].again === "elsewhere" && mayTry;
  if (again && !isDue(vm.expiresAt, now)) {
    return applied(
      enter({ ...vm, hostId: null }, "queued", now, now + vm.spec.queueTimeoutMs),
      { type: "attempt_failed", source, message: `Attempt ${vm.attempt} failed: ${error.message}`, data },
      attempt,
      error,
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
    const stopped = enter({ ...vm, end: cause }, "stopping", now, now + budgets.stopping);
    return applied(stopped, failed, attempt, error);
  }
  const ended = { ...enter({ ...vm, end: cause }, "failed", now, null), endedAt: now };
  return applied(ended, failed, attempt, error);
}

function observed(vm: Vm, event: Extract<LifecycleEvent, { kind: "phase" }>): Partial<Vm> {
  return {
    ip: event.ip ?? vm.ip,
    imageDigest: event.imageDigest ?? vm.imageDigest,
    pullPercent: event.phase === "pulling" ? (event.pullPercent ?? vm.pullPercent) : null,
    pullTotalBytes: event.phase === "pulling" ? (event.pullTotalBytes ?? vm.pullTotalBytes) : null,
  };
}
