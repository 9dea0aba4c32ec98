import { setTimeout as wait } from "node:timers/promises";
import { type Bench, Skip } from "./bench.ts";
import type { Check } from "./check.ts";

export type Verdict = { kind: "kept" } | { kind: "broken"; why: string } | { kind: "skipped"; why: string };

/** Carries one check out and cleans up after it. One that has no end after `limitMs` is broken. */
export async function carryOut(
  check: Check,
  bench: Bench & { tidy(): Promise<void> },
  limitMs: number,
): Promise<Verdict> {
  const done = new AbortController();
  const limit = wait(limitMs, undefined, { signal: done.signal }).then(() => {
    throw new Error(`still not through after ${limitMs / 1000} s`);
  });
  limit.catch(() => undefined);
  try {
    await Promise.race([check.run(bench), limit]);
    return { kind: "kept" };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: error instanceof Skip ? "skipped" : "broken", why };
  } finally {
    done.abort();
    await bench.tidy();
  }
}
