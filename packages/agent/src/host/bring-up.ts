import type { Assignment, AttemptError } from "@tartfleet/shared";
import type { Guest } from "../guest/guest.ts";
import type { Instance } from "../reconcile/instance.ts";
import type { Outcome, StepFailure } from "../reconcile/outcome.ts";
import { attemptErrorOf, type AttemptStep } from "../tart/attempt-error.ts";
import type { OnPulled, TartFailure } from "../tart/tart.ts";
import type { GuestAddress, HostParts } from "./ports.ts";
import type { Pulls } from "./pulls.ts";
import type { Runs } from "./runs.ts";

/** What a step is carried out with. */
export interface StepContext {
  parts: HostParts;
  instance: Instance;
  /** Null for an instance that nobody asks about. */
  assignment: Assignment | null;
  runs: Runs;
  pulls: Pulls;
  guests: Map<string, Guest>;
  onPulled: OnPulled;
  signal: AbortSignal;
}

const CUT_OFF: Outcome = { kind: "cut_off" };

export async function pull(
  context: StepContext,
  { image, pullStallSeconds = 0 }: Assignment,
): Promise<Outcome> {
  const { pulls, onPulled, signal } = context;
  const result = await pulls.pull(image, { onProgress: onPulled, signal, stallMs: pullStallSeconds * 1000 });
  if (result === "cut_off" || signal.aborted) return CUT_OFF;
  return result.ok ? { kind: "done" } : tartFailed(result.failure, "pull");
}

export async function clone(context: StepContext, { image, os }: Assignment): Promise<Outcome> {
  const { parts, instance, signal } = context;
  const result = await parts.tart.clone(image, instance.name, { signal });
  if (signal.aborted) return CUT_OFF;
  if (!result.ok) return tartFailed(result.failure, "clone");
  if (os === "linux") {
    // Only a Linux VM runs without a slot, so that it must really be one.
    const real = await parts.tart.os(instance.name);
    if (!real.ok) return tartFailed(real.failure, "clone");
    if (real.value !== "linux") return { kind: "failed", failure: { kind: "final", error: NOT_LINUX } };
  }
  const digest = await parts.tart.digest(image);
  return { kind: "cloned", imageDigest: digest.ok ? digest.value : null };
}

const NOT_LINUX: AttemptError = {
  code: "image_unusable",
  message: "The VM was asked for with os linux, but its image is macOS. Ask for it with os macos.",
  facts: {},
};

export async function discard({ parts, instance }: StepContext): Promise<Outcome> {
  const result = await parts.tart.delete(instance.name);
  await parts.runLogs.remove(instance.name);
  return result.ok ? { kind: "done" } : tartFailed(result.failure, "clone", "again");
}

export async function configure(context: StepContext, assignment: Assignment): Promise<Outcome> {
  const { parts, instance } = context;
  const result = await parts.tart.configure(instance.name, {
    cpu: assignment.cpu ?? undefined,
    memoryMiB: assignment.memoryMiB ?? undefined,
    diskGiB: assignment.diskGiB ?? undefined,
    display: assignment.run.display,
  });
  return result.ok ? { kind: "done" } : tartFailed(result.failure, "configure");
}

export async function run(context: StepContext, assignment: Assignment): Promise<Outcome> {
  const { parts, instance, runs } = context;
  const logPath = parts.runLogs.path(instance.name);
  const bootedAt = parts.clock.wallTime();
  const result = await parts.tart.run(instance.name, { run: assignment.run, logPath });
  if (!result.ok) return tartFailed(result.failure, "run");
  runs.adopt(instance.name, result.value);
  const { pid, startedAt } = result.value;
  return { kind: "run_begun", run: { pid, startedAt }, bootedAt };
}

/** The VM runs already, started by this agent before it was restarted. */
export function adopt({ parts, instance, runs }: StepContext): Outcome {
  const found = runs.get(instance.name);
  return {
    kind: "run_begun",
    run: found ? { pid: found.pid, startedAt: found.startedAt } : null,
    bootedAt: instance.entry.bootedAt ?? parts.clock.wallTime(),
  };
}

export async function reachGuest(context: StepContext): Promise<Outcome> {
  const { parts, instance, guests, runs, signal } = context;
  // tart may go on calling it running for a moment.
  if (runs.exit(instance.name)) return { kind: "not_now" };
  const elapsed = parts.clock.wallTime() - (instance.entry.bootedAt ?? parts.clock.wallTime());
  // An adopted guest may be long up although its agent was away for longer than the budget.
  const bootMs = Math.max(parts.limits.bootMs, (context.assignment?.bootSeconds ?? 0) * 1000);
  const leastMs = Math.min(bootMs, ADOPTED_MS);
  const budgetMs = Math.max(leastMs, bootMs - Math.max(0, elapsed));
  const result = await parts.guests.reach(addressOf(context), { budgetMs, signal });
  if (signal.aborted || runs.exit(instance.name)) return CUT_OFF;
  if (result.ok) {
    guests.set(instance.name, result.value.guest);
    return { kind: "guest_reached", ip: result.value.ip };
  }
  const { logTail } = await parts.tart.runEnd(parts.runLogs.path(instance.name));
  const error = { ...result.failure, facts: { ...result.failure.facts, log: logTail } };
  return { kind: "failed", failure: { kind: "final", error } };
}

const ADOPTED_MS = 60_000;

export async function provision(context: StepContext): Promise<Outcome> {
  const { parts, instance, guests, runs, signal } = context;
  const guest = guests.get(instance.name);
  if (!guest || runs.exit(instance.name)) return { kind: "not_now" };
  // The control plane knows that its runner was started, and would refuse to have it set up again.
  if (context.assignment?.reached === "ready") return { kind: "provisioned", ip: instance.entry.ip };
  const { vmId, attempt } = instance.entry;
  const bootstrap = await parts.bootstrap({ vmId, attempt }, signal);
  if (signal.aborted || runs.exit(instance.name)) return CUT_OFF;
  if (!bootstrap.ok) {
    parts.log.warn({ vmId, attempt, why: bootstrap.failure.message }, "the guest's bootstrap was refused");
    return { kind: "not_now" };
  }
  const result = await parts.guests.provision(
    guest,
    { vmId, attempt, ip: instance.entry.ip },
    bootstrap.value,
    signal,
  );
  if (signal.aborted || runs.exit(instance.name)) return CUT_OFF;
  return result.ok
    ? { kind: "provisioned", ip: instance.entry.ip }
    : { kind: "failed", failure: result.failure };
}

export function noSlot({ instance }: StepContext): Outcome {
  return {
    kind: "failed",
    failure: {
      kind: "no_slot",
      error: {
        code: "vm_limit_reached",
        message: `Two macOS VMs run on this host, so ${instance.name} could not be started. Stop what does not belong there.`,
        facts: { seenBy: "agent" },
      },
    },
  };
}

export function addressOf({ parts, instance }: StepContext): GuestAddress {
  return {
    name: instance.name,
    os: instance.entry.os,
    logPath: parts.runLogs.path(instance.name),
  };
}

const AGAIN = new Set<TartFailure["class"]>(["NET", "NAME_CLASH", "KILLED"]);

/** A failed tart command of the way up. */
function tartFailed(
  failure: TartFailure,
  step: AttemptStep,
  kind: StepFailure["kind"] = AGAIN.has(failure.class) ? "again" : "final",
): Outcome {
  if (failure.class === "CANCELLED") return CUT_OFF;
  return { kind: "failed", failure: { kind, error: attemptErrorOf(failure, step) } };
}
