import { failed, type Result } from "../tart/result.ts";
import type { Guest, GuestFailure, GuestOutput, GuestRunOptions } from "./guest.ts";

const TRIES = 3;

/**
 * Runs a script that may be run any number of times: again when its outcome did not come through, or not all of
 * its output, of which `whole` is the judge.
 */
export async function runRepeatable(
  guest: Guest,
  script: string,
  options: GuestRunOptions,
  whole: (stdout: string) => boolean = () => true,
): Promise<Result<GuestOutput, GuestFailure>> {
  for (let tried = 1; ; tried += 1) {
    const ran = await guest.run(script, options);
    const result = ran.ok && !whole(ran.value.stdout) ? failed(lost(guest)) : ran;
    const unknown = !result.ok && result.failure.class === "outcome_unknown";
    if (!unknown || tried === TRIES) return result;
  }
}

function lost(guest: Guest): GuestFailure {
  const message = "Part of a command's output was lost on its way out of the guest.";
  return { class: "outcome_unknown", via: guest.via, message, output: "" };
}
