import { z } from "zod";
import { keysOf } from "./keys.ts";

/** The life of a VM, in order; `deleted` and `failed` are terminal. See docs/lifecycle.md. */
export const VM_STATES = [
  "queued",
  "assigned",
  "pulling",
  "cloning",
  "booting",
  "provisioning",
  "ready",
  "draining",
  "stopping",
  "deleted",
  "failed",
] as const;

export const vmStateSchema = z.enum(VM_STATES);
export type VmState = z.infer<typeof vmStateSchema>;

/** States that an agent reports while it brings an attempt up, in the order in which they pass. */
export const BRING_UP_STATES = ["pulling", "cloning", "booting", "provisioning", "ready"] as const;
export type BringUpState = (typeof BRING_UP_STATES)[number];

/** True when nothing will ever happen to the VM again. */
export function isTerminal(state: VmState): state is "deleted" | "failed" {
  return state === "deleted" || state === "failed";
}

/**
 * Why a VM ended. The first cause wins and is kept; `outcome` is the terminal state it leads to.
 */
export const END_REASONS = {
  runner_exited: {
    outcome: "deleted",
    text: "The runner's process exited and the guest asked to be deleted.",
  },
  hook_grace_forced: {
    outcome: "deleted",
    text: "The job's hook announced the end, but the runner's process did not exit within the grace.",
  },
  client: { outcome: "deleted", text: "A client asked for it." },
  ttl: { outcome: "deleted", text: "Its time to live ran out." },
  guest_shutdown: { outcome: "deleted", text: "The guest shut itself down." },
  guest_crashed: { outcome: "failed", text: "The guest crashed or lost its network for good." },
  no_job: {
    outcome: "failed",
    text: "No job came to its runner within the time that was allowed for that; the guest stopped it.",
  },
  job_over: {
    outcome: "deleted",
    text: "Its CI system said twice that its job is over, and its runner's process did not exit.",
  },
  not_registered: {
    outcome: "failed",
    text: "Its runner was started, and its CI system did not list it in time.",
  },
  not_needed: { outcome: "deleted", text: "No job waits for it any more." },
  handed_over: { outcome: "deleted", text: "A VM that was asked for took its instance over." },
  pool_released: { outcome: "deleted", text: "Its pool has no use for it any more." },
  queue_timeout: { outcome: "failed", text: "No slot became free within the queue timeout." },
  image_not_found: { outcome: "failed", text: "The registry of its image does not know its tag." },
  start_failed: { outcome: "failed", text: "It could not be brought up; see the error." },
  host_removed: { outcome: "failed", text: "Its host was taken out of the fleet." },
  instance_lost: { outcome: "failed", text: "Its instance vanished from the host." },
} as const satisfies Record<string, { outcome: "deleted" | "failed"; text: string }>;

export type EndReason = keyof typeof END_REASONS;
export const endReasonSchema = z.enum(keysOf(END_REASONS));

/**
 * Who says so, strongest first: evidence of a lower rank never overturns that of a higher one.
 * `client` stands outside the order: it is an order, not an observation.
 */
export const EVIDENCE_SOURCES = ["client", "host", "guest", "hook", "ci", "timer", "control_plane"] as const;
export const evidenceSourceSchema = z.enum(EVIDENCE_SOURCES);
export type EvidenceSource = z.infer<typeof evidenceSourceSchema>;
