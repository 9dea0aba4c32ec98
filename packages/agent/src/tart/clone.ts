import { setTimeout as sleep } from "node:timers/promises";
import { tartCommand } from "./command.ts";
import type { TartConfig } from "./config.ts";
import { seeProcess, seeTart } from "./process-identity.ts";
import { ok } from "./result.ts";
import type { TartResult } from "./tart.ts";

const END_POLL_MS = 50;

/** See `Tart.clone`. */
export async function cloneVm(
  config: TartConfig,
  image: string,
  name: string,
  signal: AbortSignal,
): Promise<TartResult<void>> {
  await endFormerClones(name);
  const cloned = await tartCommand(config, ["clone", image, name], {
    timeoutMs: config.limits.clone,
    signal,
  });
  return cloned.ok ? ok() : cloned;
}

/**
 * An agent that was killed leaves its clone at work. Done late, that would replace what was cloned after it,
 * even while it runs (tart-contract §2.1).
 */
async function endFormerClones(name: string): Promise<void> {
  for (const { pid, startedAt } of await seeTart("clone", name)) {
    while ((await seeProcess(pid))?.startedAt === startedAt) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await sleep(END_POLL_MS);
    }
  }
}
