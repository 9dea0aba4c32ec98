import type { Phase } from "@tartfleet/shared";
import { quantileOf, remainingOf } from "../history/quantiles.ts";
import type { SeriesKey } from "../history/series.ts";
import type { Vm } from "../vm.ts";

/** What has been measured: the newest durations of a key in milliseconds, ascending. */
export type Past = (key: SeriesKey) => readonly number[];

/** Fewer are no basis while something wider has more. */
const LEAST = 5;
const BRING_UP = ["assigned", "pulling", "cloning", "booting", "provisioning"] as const;
type BringUp = (typeof BRING_UP)[number];

/** How long VMs of a team and image take. Milliseconds, at the quantile `u`. */
export interface Lengths {
  /** From placed to ready. */
  bringUp(hasImage: boolean, u: number): number;
  /** From placed to gone; undefined when no VM has come to its end yet. */
  whole(hasImage: boolean, u: number): number | undefined;
  /** Until a VM that holds room is gone; undefined as above. */
  left(
    vm: Pick<Vm, "state" | "stateSince" | "readyAt" | "assignedAt" | "expiresAt" | "budgetEndsAt">,
    now: number,
    u: number,
  ): number | undefined;
}

/**
 * By the runs of the team with the image, or of anybody with the image, or of all, whichever is the first of which
 * there are enough; of the other phases by the image's, or all.
 */
export function lengthsOf(past: Past, team: string, image: string): Lengths {
  const runs = basis(past, [{ phase: "run", team, image }, { phase: "run", image }, { phase: "run" }]);
  const ofPhase = (phase: Phase) => basis(past, [{ phase, image }, { phase }]);
  const stops = ofPhase("stop");
  const phases = new Map(BRING_UP.map((phase): [BringUp, readonly number[]] => [phase, ofPhase(phase)]));

  const bringUp = (hasImage: boolean, u: number) => {
    let sum = 0;
    for (const [phase, durations] of phases) {
      if (phase !== "pulling" || !hasImage) sum += quantileOf(durations, u) ?? 0;
    }
    return sum;
  };
  const stop = (u: number) => quantileOf(stops, u) ?? 0;
  const isBasis = runs.length > 0;

  return {
    bringUp,
    whole: (hasImage, u) =>
      isBasis ? bringUp(hasImage, u) + (quantileOf(runs, u) ?? 0) + stop(u) : undefined,
    left(vm, now, u) {
      const age = now - vm.stateSince;
      if (vm.state === "stopping") return remainingOf(stops, age, u) ?? stop(0.5);
      if (!isBasis) return undefined;
      const mostLeft = Math.max(0, (vm.expiresAt ?? Infinity) - now);
      if (vm.state === "ready" || vm.state === "draining") {
        const ran = now - (vm.readyAt ?? vm.stateSince);
        // It has run longer than any before: all that is known is that its time to live ends it.
        const rest = remainingOf(runs, ran, u) ?? u * mostLeft;
        const grace = vm.state === "draining" ? Math.max(0, (vm.budgetEndsAt ?? Infinity) - now) : Infinity;
        return Math.min(rest, mostLeft, grace) + stop(u);
      }
      const rest = bringUp(vm.state !== "pulling", u) - (now - (vm.assignedAt ?? vm.stateSince));
      return Math.min(Math.max(0, rest) + (quantileOf(runs, u) ?? 0), mostLeft) + stop(u);
    },
  };
}

/** The durations of the first key that has enough of them, or of the last that has any. */
function basis(past: Past, keys: readonly SeriesKey[]): readonly number[] {
  let last: readonly number[] = [];
  for (const key of keys) {
    const durations = past(key);
    if (durations.length >= LEAST) return durations;
    if (durations.length > 0) last = durations;
  }
  return last;
}
