import { type Bench, Skip } from "./bench.ts";
import type { Check } from "./check.ts";

export type Verdict = { kind: "kept" } | { kind: "broken"; why: string } | { kind: "skipped"; why: string };

/** Carries one check out and cleans up after it. */
export async function carryOut(check: Check, bench: Bench & { tidy(): Promise<void> }): Promise<Verdict> {
  try {
    await check.run(bench);
    return { kind: "kept" };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: error instanceof Skip ? "skipped" : "broken", why };
  } finally {
    await bench.tidy();
  }
}
