import type { AttemptRecord, ImageRecord } from "@tartfleet/shared";

/** How it went with an image: what a roll-out is decided by. */
export interface Evidence {
  /** Attempts of which something became, each once. */
  attempts: number;
  failed: number;
  /** Seconds; null before any was measured. */
  bootP95: number | null;
}

/**
 * What is known of an image's newest attempts. Those that were lost after they were ready have failed.
 *
 * @param attempts newest first
 * @param since only what was decided from then on counts
 */
export function evidenceOf(
  attempts: readonly AttemptRecord[],
  times: ImageRecord["times"],
  since?: string,
): Evidence {
  const newest = new Map<string, boolean>();
  for (const { at, vmId, host, attempt, verdict } of attempts) {
    const key = `${vmId ?? host} ${attempt}`;
    if ((since === undefined || at >= since) && !newest.has(key)) newest.set(key, verdict === "ready");
  }
  const verdicts = [...newest.values()];
  return {
    attempts: verdicts.length,
    failed: verdicts.filter((isReady) => !isReady).length,
    bootP95: times.find(({ phase }) => phase === "booting")?.p95Seconds ?? null,
  };
}
