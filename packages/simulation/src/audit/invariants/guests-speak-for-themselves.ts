import type { Invariant } from "../invariant.ts";

const WORDS = { job: "job_started", end_announced: undefined } as const;

/** S7: a guest's token changes its own VM alone; what is written as a guest's word was said by that guest. */
export function guestsSpeakForThemselves(): Invariant {
  let judged = 0;
  return {
    name: "guests-speak-for-themselves",
    check({ fleet, events, isOfLostTime }) {
      const { ledger } = fleet.world;
      for (const { vmId, status } of ledger.strangers.slice(judged)) {
        if (status !== undefined && status < 300) return `a guest ended VM ${vmId}, which is not its own`;
      }
      judged = ledger.strangers.length;
      for (const { vmId, attempt, type, source } of events) {
        if (isOfLostTime(vmId) || (source !== "guest" && source !== "hook")) continue;
        const isKnown = type === "job" || type === "end_announced";
        if (!isKnown) continue;
        const words = type === "job" ? [WORDS.job] : (["job_hook", "runner_exited"] as const);
        if (!words.some((word) => ledger.hasSaidOf(vmId, attempt, word))) {
          return `VM ${vmId} has a guest's word (${type}) that its attempt ${attempt} never said`;
        }
      }
      return undefined;
    },
  };
}
