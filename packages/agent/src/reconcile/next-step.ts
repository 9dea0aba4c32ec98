import { STOP_RUNGS, type BringUpState } from "@tartfleet/shared";
import type { Instance } from "./instance.ts";

/**
 * running: bring it up · gone: take it down · unknown: no set of assignments was received that could say ·
 * unwanted: not in the set, but not for long enough
 */
export type Want = "running" | "gone" | "unknown" | "unwanted";

/** What one look showed of an instance. */
export interface SeenInstance {
  /** `running` when tart says so or its `tart run` process is alive: only both together mean an end. */
  state: "absent" | "stopped" | "running";
  /** Its run log exists, hence a `tart run` was at least about to be started. */
  logExists: boolean;
}

export type Step =
  | { kind: "rest" }
  | { kind: "pull" }
  | { kind: "clone" }
  | { kind: "discard" }
  | { kind: "configure" }
  | { kind: "run" }
  | { kind: "no_slot" }
  | { kind: "adopt" }
  | { kind: "reach_guest" }
  | { kind: "provision" }
  | { kind: "collect_end" }
  | { kind: "lost"; phase: BringUpState }
  | { kind: "script_result" }
  | { kind: "stop"; rung: Exclude<(typeof STOP_RUNGS)[number], "delete"> }
  | { kind: "delete" }
  | { kind: "forget" };

export type StepKind = Step["kind"];

const REST: Step = { kind: "rest" };

/** What the assignment says beyond the want; nothing when there is none. */
export interface Orders {
  want: Want;
  isScript: boolean;
  imageCached: boolean;
  /** It is kept for somebody who has not come yet: not set up. */
  isWarm: boolean;
  /** The furthest phase that the control plane was told of. */
  reached: BringUpState | null;
}

/**
 * The next step of one instance, from what is wanted, what was seen after its last step, and what was
 * done before. Safe to ask again after a crash at any point: it looks at nothing but its arguments.
 */
export function nextStep(orders: Orders, seen: SeenInstance, instance: Instance, now: number): Step {
  if (now < instance.memory.retryAt) return REST;
  switch (orders.want) {
    case "unknown":
      return REST;
    case "unwanted":
      return seen.state === "absent" ? { kind: "forget" } : REST;
    case "running":
      return bringUp(orders, seen, instance);
    case "gone":
      return takeDown(orders, seen, instance);
    default:
      return orders.want satisfies never;
  }
}

function bringUp(orders: Orders, seen: SeenInstance, { entry, memory }: Instance): Step {
  if (entry.failure || memory.end) return REST;
  switch (entry.stage) {
    case "new":
    case "cloning":
      if (seen.state === "running") return { kind: "adopt" };
      // Half a clone, or one whose journal is lost: then a log or a report of ours tells that it ran once.
      if (seen.state === "stopped") {
        return seen.logExists || hasRun(orders) ? { kind: "collect_end" } : { kind: "discard" };
      }
      if (orders.reached && hasRun(orders)) return { kind: "lost", phase: orders.reached };
      return orders.imageCached || memory.pulled ? { kind: "clone" } : { kind: "pull" };
    case "cloned":
    case "configured":
      if (seen.state === "running") return { kind: "adopt" };
      if (seen.state === "absent") return { kind: "discard" };
      return { kind: entry.stage === "cloned" ? "configure" : "run" };
    case "starting":
      if (seen.state === "running") return { kind: "adopt" };
      if (seen.logExists) return { kind: "collect_end" };
      return { kind: seen.state === "absent" ? "discard" : "run" };
    case "started":
      if (seen.state !== "running") return { kind: "collect_end" };
      if (!memory.guestReached) return { kind: "reach_guest" };
      return orders.isWarm ? REST : { kind: "provision" };
    case "ready":
      return seen.state === "running" ? REST : { kind: "collect_end" };
    default:
      return entry.stage satisfies never;
  }
}

function takeDown(orders: Orders, seen: SeenInstance, { entry, memory }: Instance): Step {
  if (seen.state === "absent") return memory.goneReported ? REST : { kind: "forget" };
  if (seen.state === "running") {
    if (orders.isScript && entry.stage === "ready" && !memory.scriptRead) return { kind: "script_result" };
    const rung = STOP_RUNGS[memory.nextRung];
    return { kind: "stop", rung: rung === undefined || rung === "delete" ? "tart_stop" : rung };
  }
  const ran = entry.stage === "started" || entry.stage === "ready";
  return ran && !memory.end && !entry.failure ? { kind: "collect_end" } : { kind: "delete" };
}

const RAN = new Set<BringUpState>(["booting", "provisioning", "ready"]);

function hasRun({ reached }: Orders): boolean {
  return reached !== null && RAN.has(reached);
}
