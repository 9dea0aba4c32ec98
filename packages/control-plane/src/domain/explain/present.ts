import { isTerminal, type Explanation, type Phase } from "@tartfleet/shared";
import { phaseOf } from "../history/phase-time.ts";
import { quantileOf } from "../history/quantiles.ts";
import { deadlineOf, type Vm } from "../vm.ts";
import { span } from "./words.ts";

const DOING: Record<Phase, string> = {
  queued: "waits for a slot",
  assigned: "is assigned; its host has not begun yet",
  pulling: "waits for its image, which the host pulls",
  cloning: "is being cloned from its image",
  booting: "boots",
  provisioning: "is being set up",
  run: "is ready",
  stop: "is being stopped",
};

/**
 * What a VM is doing, and how that compares with how long it usually takes.
 *
 * @param durations of its phase with its image, milliseconds, ascending
 */
export function presentPhase(
  vm: Vm,
  now: number,
  durations: readonly number[],
): { text: string; phase: NonNullable<Explanation["phase"]> } | null {
  if (isTerminal(vm.state)) return null;
  const phase = phaseOf(vm.state);
  const since = phase === "run" ? (vm.readyAt ?? vm.stateSince) : vm.stateSince;
  const lasts = Math.max(0, now - since);
  const p50 = quantileOf(durations, 0.5);
  const p90 = quantileOf(durations, 0.9);
  const isSlow = p90 !== undefined && lasts > p90;
  const endsAt = deadlineOf(vm);
  const usual =
    p50 === undefined || p90 === undefined
      ? "; nothing is known yet of how long that takes"
      : `, usually ${span(p50)}${p90 > p50 ? `, in nine of ten cases at most ${span(p90)}` : ""}`;
  const slow = isSlow ? "; that is longer than usual" : "";
  const ends = endsAt === null ? "" : `. Its time is over in ${span(Math.max(0, endsAt - now))}`;
  const part = phase === "pulling" && vm.pullPercent !== null ? `, ${vm.pullPercent}% there` : "";
  return {
    text: `It ${DOING[phase]}${part}, for ${span(lasts)} now${usual}${slow}${ends}.`,
    phase: {
      phase,
      since: new Date(since).toISOString(),
      seconds: lasts / 1000,
      usual:
        p50 === undefined || p90 === undefined
          ? null
          : { p50Seconds: p50 / 1000, p90Seconds: p90 / 1000, count: durations.length },
      isSlow,
      endsBy: endsAt === null ? null : new Date(endsAt).toISOString(),
    },
  };
}
