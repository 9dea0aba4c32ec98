import { SLOTS_PER_HOST } from "@tartfleet/shared";

/**
 * Slots that macOS says are taken although no running VM can be seen: another user's, another program's,
 * or leaked ones (tart-contract §4.1). Believed until a VM ran in them, or until it is time to try again.
 */
export interface HiddenSlots {
  readonly count: number;
  readonly believedUntil: number;
  /** How long the next refusal will be believed; it doubles while refusals go on. */
  readonly beliefMs: number;
}

const FIRST_BELIEF_MS = 300_000;
const LONGEST_BELIEF_MS = 3_600_000;

export const NO_HIDDEN_SLOTS: HiddenSlots = { count: 0, believedUntil: 0, beliefMs: FIRST_BELIEF_MS };

/** macOS refused another VM while this many macOS VMs were seen running. */
export function slotRefused(hidden: HiddenSlots, seenRunning: number, now: number): HiddenSlots {
  return {
    count: Math.max(0, SLOTS_PER_HOST - seenRunning),
    believedUntil: now + hidden.beliefMs,
    beliefMs: Math.min(LONGEST_BELIEF_MS, hidden.beliefMs * 2),
  };
}

/** This many macOS VMs were seen really running at the same time. */
export function slotsProved(hidden: HiddenSlots, seenRunning: number): HiddenSlots {
  const count = Math.min(hidden.count, Math.max(0, SLOTS_PER_HOST - seenRunning));
  return count === hidden.count ? hidden : { ...hidden, count, beliefMs: FIRST_BELIEF_MS };
}

/** How many slots are believed to be taken by something unseen. */
export function hiddenSlots(hidden: HiddenSlots, now: number): number {
  return now < hidden.believedUntil ? hidden.count : 0;
}
