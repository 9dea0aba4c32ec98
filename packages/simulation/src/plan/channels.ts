import { createRandom } from "../world/random.ts";
import type { PersonAct } from "./person.ts";
import type { Job } from "./plan.ts";

/** The channel of a seed that has one. */
export const CHANNEL = "macos";

/** What is done to a seed's channel, and which jobs ask for it, by dice of their own. */
export function channelPlan(
  seed: string,
  end: number,
): { acts: { at: number; action: PersonAct }[]; wish(job: Job): Job } {
  const random = createRandom(`${seed}/channels`);
  if (!random.chance(0.4)) return { acts: [], wish: (job) => job };
  const later = Array.from({ length: random.int(1, 3) }, () => ({
    at: random.int(10_000, end),
    action: {
      kind: "channel" as const,
      what: random.pick(["rollout", "rollout", "rollback", "set"] as const),
      image: random.int(0, 2),
    },
  }));
  return {
    acts: [{ at: 1000, action: { kind: "channel", what: "set", image: random.int(0, 2) } }, ...later],
    wish: (job) => (job.os === "macos" && random.chance(0.4) ? { ...job, isOfChannel: true } : job),
  };
}
