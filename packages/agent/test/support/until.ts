import { setTimeout as sleep } from "node:timers/promises";

/** Polls until the condition holds; fails with what was awaited. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 100_000,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come about within ${limitMs} ms`);
    await sleep(10);
  }
}
