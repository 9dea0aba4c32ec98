import type { STOP_RUNGS } from "@tartfleet/shared";
import { sleep } from "../clock.ts";
import type { Guest } from "../guest/guest.ts";
import type { Outcome, RungFacts, StepFailure } from "../reconcile/outcome.ts";
import { attemptErrorOf } from "../tart/attempt-error.ts";
import type { RunEnd } from "../tart/tart.ts";
import { addressOf, type StepContext } from "./bring-up.ts";

type Rung = Exclude<(typeof STOP_RUNGS)[number], "delete">;
type Climb = Pick<RungFacts, "outcome" | "detail">;

/** How the run ended, from its log and, where somebody remembers it, its exit. */
export async function collectEnd({ parts, instance, runs }: StepContext): Promise<Outcome> {
  const exit = runs.exit(instance.name) ?? (await parts.tart.runExit(instance.name));
  const end = await parts.tart.runEnd(parts.runLogs.path(instance.name), exit);
  return {
    kind: "ended",
    end: { cause: end.cause, logTail: end.logTail.slice(-8192), failure: startFailure(end) },
  };
}

function startFailure({ failure, logTail }: RunEnd): StepFailure | null {
  if (!failure) return null;
  const error = attemptErrorOf(failure, "run");
  return {
    kind: failure.class === "LIMIT" ? "no_slot" : "final",
    error: { ...error, facts: { ...error.facts, log: logTail.slice(-4096) } },
  };
}

/** It ran once, as the control plane knows from this agent, and nothing of it is left here. */
export function lost({ instance }: StepContext): Outcome {
  return {
    kind: "failed",
    failure: {
      kind: "final",
      error: {
        code: "instance_lost",
        message: `The instance ${instance.name} and the agent's record of it are no longer on the host; somebody or something removed them.`,
        facts: {},
      },
    },
  };
}

export async function scriptResult(context: StepContext): Promise<Outcome> {
  const guest = await guestOf(context);
  const result = guest ? await context.parts.guests.scriptResult(guest, context.signal) : null;
  return { kind: "script_result", result };
}

/** One rung of the stop ladder. It is done when the run was seen to end, whatever the command said. */
export async function climb(context: StepContext, rung: Rung): Promise<Outcome> {
  const since = context.parts.clock.now();
  const { outcome, detail } = await RUNGS[rung](context);
  const milliseconds = Math.round(context.parts.clock.now() - since);
  return {
    kind: "rung",
    facts: { outcome, milliseconds, ...(detail === undefined ? {} : { detail: detail.slice(0, 2000) }) },
  };
}

export async function deleteInstance({ parts, instance }: StepContext): Promise<Outcome> {
  const since = parts.clock.now();
  const result = await parts.tart.delete(instance.name);
  const milliseconds = Math.round(parts.clock.now() - since);
  if (result.ok) return { kind: "deleted", facts: { outcome: "done", milliseconds } };
  const outcome = result.failure.class === "TIMED_OUT" ? "timed_out" : "failed";
  return {
    kind: "deleted",
    facts: { outcome, milliseconds, detail: result.failure.message.slice(0, 2000) },
  };
}

const RUNGS: Record<Rung, (context: StepContext) => Promise<Climb>> = {
  async guest_shutdown(context) {
    const guest = await guestOf(context);
    if (!guest) return { outcome: "skipped", detail: "the guest was not reachable" };
    const { parts, signal } = context;
    const agreed = await parts.guests.requestShutdown(guest, signal);
    if (!agreed) return { outcome: "failed", detail: "the guest did not take the order" };
    return (await hasEnded(context, parts.timing.shutdownMs))
      ? { outcome: "done" }
      : { outcome: "timed_out" };
  },
  async tart_stop(context) {
    const result = await context.parts.tart.stop(context.instance.name);
    if (await hasEnded(context, context.parts.timing.signalMs)) return { outcome: "done" };
    return result.ok ? { outcome: "timed_out" } : { outcome: "failed", detail: result.failure.message };
  },
  interrupt: (context) => signalRun(context, "SIGINT"),
  kill: (context) => signalRun(context, "SIGKILL"),
};

async function signalRun(context: StepContext, signal: "SIGINT" | "SIGKILL"): Promise<Climb> {
  const { parts, instance, runs } = context;
  const handle = runs.get(instance.name) ?? (await parts.tart.findRun(instance.name));
  if (!handle || !(await handle.signal(signal))) {
    return { outcome: "skipped", detail: "there is no tart run process" };
  }
  if (!runs.get(instance.name)) runs.adopt(instance.name, handle);
  return (await hasEnded(context, parts.timing.signalMs)) ? { outcome: "done" } : { outcome: "timed_out" };
}

/** Waits for the end of the run: for its process, or for tart's word when no process is known. */
async function hasEnded({ parts, instance, runs, signal }: StepContext, ms: number): Promise<boolean> {
  const { clock, tart } = parts;
  const deadline = clock.now() + ms;
  const handle = runs.get(instance.name);
  if (handle) {
    const waited = new AbortController();
    await Promise.race([handle.exited, sleep(clock, ms, AbortSignal.any([signal, waited.signal]))]);
    waited.abort();
    return runs.exit(instance.name) !== undefined;
  }
  for (;;) {
    const listed = await tart.listLocal();
    if (listed.ok && !listed.value.some(({ name, state }) => name === instance.name && state === "running")) {
      return true;
    }
    if (signal.aborted || clock.now() >= deadline) return false;
    await sleep(clock, 1000, signal);
  }
}

/** The guest as it was reached before, or reached anew when it ever was; not for one that never answered. */
async function guestOf(context: StepContext): Promise<Guest | undefined> {
  const { parts, instance, guests, signal } = context;
  const known = guests.get(instance.name);
  if (known || instance.entry.stage !== "ready") return known;
  const result = await parts.guests.reach(addressOf(context), {
    budgetMs: parts.timing.lastWordMs,
    signal,
  });
  if (!result.ok) return undefined;
  guests.set(instance.name, result.value.guest);
  return result.value.guest;
}
