import type { ResolveTag } from "@tartfleet/agent/src/registry/questions.ts";
import { imageParts, type TagAnswer } from "@tartfleet/shared";
import { createHash } from "node:crypto";
import type { HostFault } from "../plan/plan.ts";
import type { Random } from "../world/random.ts";
import { takes } from "./commands.ts";
import type { Machine } from "./machine.ts";

/** A tag stands for another image every so often. */
const MOVED_MS = 300_000;
/** A registry that does not answer is given up. */
const LIMIT_MS = 8000;

/** What a reference stands for at a time, in true milliseconds: as the one registry of all simulated Macs has it. */
export function registryDigest(reference: string, now: number): string {
  const { digest } = imageParts(reference) ?? {};
  const build = `${reference} ${Math.floor(now / MOVED_MS)}`;
  return digest ?? `sha256:${createHash("sha256").update(build).digest("hex")}`;
}

const REFUSALS: readonly [HostFault, Extract<TagAnswer, { kind: "failed" }>["code"]][] = [
  ["pull_unauthorized", "image_auth_failed"],
  ["pull_not_found", "image_not_found"],
  ["pull_unavailable", "registry_unreachable"],
];

/** How an agent asks it: with the same moods as a pull. */
export function createSimResolver(machine: Machine, random: Random): { resolveTag: ResolveTag } {
  return {
    async resolveTag(reference) {
      if (machine.struck("pull_stalls")) {
        await takes(machine, LIMIT_MS);
        return { kind: "failed", code: "registry_unreachable", message: "no answer" };
      }
      await takes(machine, random.between(50, 1500));
      const refusal = REFUSALS.find(([fault]) => machine.struck(fault));
      if (refusal) return { kind: "failed", code: refusal[1], message: refusal[0] };
      return { kind: "digest", digest: registryDigest(reference, machine.timeline.now()) };
    },
  };
}
