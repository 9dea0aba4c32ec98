/** How long the agent is patient. Milliseconds. */
export interface Limits {
  /** From the start of `tart run` until the guest answers. */
  bootMs: number;
  /** How long an attempt waits for a slot of the host before it fails. */
  slotMs: number;
  /** Between two tries to start a VM that macOS refused for its limit (tart-contract §4.1). */
  slotRetryMs: number;
  /** How long an instance must have been unwanted by a connected control plane before it is removed. */
  orphanMs: number;
  /** Tries of a step that may succeed when it is repeated. */
  tries: number;
  /** The first pause between such tries; it doubles. */
  retryMs: number;
  retryMaxMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  bootMs: 300_000,
  slotMs: 300_000,
  slotRetryMs: 60_000,
  orphanMs: 30_000,
  tries: 3,
  retryMs: 2000,
  retryMaxMs: 30_000,
};

/** The pause after the given number of failed tries (from 1): doubling, capped, with up to half of it off. */
export function pauseAfter(
  tries: number,
  { retryMs, retryMaxMs }: Pick<Limits, "retryMs" | "retryMaxMs">,
  random: () => number,
): number {
  const full = Math.min(retryMaxMs, retryMs * 2 ** Math.min(tries - 1, 16));
  return full * (1 - random() / 2);
}
