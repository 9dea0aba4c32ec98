import type { Calls } from "./load-main.ts";

/** @throws when a call was not answered as it should be: such a run measures nothing */
export function requireAll(calls: Calls): Calls {
  const failures = Object.entries(calls.failed);
  if (failures.length === 0) return calls;
  const texts = failures.map(([why, count]) => `${count} x ${why}`);
  throw new Error(`calls failed: ${texts.join(", ")}; ${calls.answered.length} were answered`);
}
