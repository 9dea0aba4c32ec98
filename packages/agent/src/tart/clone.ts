import { setTimeout as sleep } from "node:timers/promises";
import { isCached } from "./cached-digest.ts";
import { ownFailure, tartCommand } from "./command.ts";
import type { TartConfig } from "./config.ts";
import { logIn } from "./login.ts";
import { seeProcess, seeTart } from "./process-identity.ts";
import { failed, ok } from "./result.ts";
import type { TartResult } from "./tart.ts";

const END_POLL_MS = 50;
/** A process that SIGKILL does not end in this time hangs in the kernel; the attempt is better made elsewhere. */
const END_MS = 10_000;

/** See `Tart.clone`. */
export async function cloneVm(
  config: TartConfig,
  image: string,
  name: string,
  signal: AbortSignal,
): Promise<TartResult<void>> {
  if (!(await endFormerClones(name))) return failed(ownFailure("TIMED_OUT", "clone"));
  const isHere = await isCached(config.tartHome, image);
  for (let isRenewed = false; ; isRenewed = true) {
    const login = isHere ? undefined : await logIn(config, image, signal);
    const cloned = await tartCommand(login?.config ?? config, ["clone", image, name], {
      timeoutMs: config.limits.clone,
      signal,
    });
    if (cloned.ok) return ok();
    if (!login) return cloned;
    const renews = cloned.failure.class === "AUTH" && !isRenewed && login.refused();
    if (!renews) return failed(login.explain(cloned.failure));
  }
}

/**
 * An agent that was killed leaves its clone at work. Done late, that would replace what was cloned after it,
 * even while it runs (tart-contract §2.1).
 *
 * @returns false when one does not end
 */
async function endFormerClones(name: string): Promise<boolean> {
  const until = performance.now() + END_MS;
  for (const { pid, startedAt } of await seeTart("clone", name)) {
    while ((await seeProcess(pid))?.startedAt === startedAt) {
      if (performance.now() > until) return false;
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await sleep(END_POLL_MS);
    }
  }
  return true;
}
