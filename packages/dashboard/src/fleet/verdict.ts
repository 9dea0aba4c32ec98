import type { BoardHost, BoardSummary } from "@tartfleet/shared";
import { countText, durationText } from "../parts/text.ts";

/** One thing that somebody should look at. `bad`: VMs suffer of it now · `watch`: they will, or some do */
interface Concern {
  severity: "bad" | "watch";
  text: string;
  /** Where to look. */
  href: string;
}

export interface Verdict {
  /** bad when any concern is. */
  state: "well" | "watch" | "bad";
  sentence: string;
  /** The worst first. */
  concerns: readonly Concern[];
}

/** A VM that waits so long while slots are free waits for something else than room. */
const LONG_WAIT_MS = 10 * 60_000;
/** Of at least so many that ended, so many failed: it is not chance. */
const FEW_ENDS = 5;
const MANY_FAILED = 0.1;

/** Whether all is well with the fleet. Pure. */
export function verdictOf(summary: BoardSummary, hosts: readonly BoardHost[], now: number): Verdict {
  const concerns = [
    ...ofHosts(hosts),
    ...ofSlots(summary),
    ...ofQueue(summary, now),
    ...ofFailures(summary),
  ].sort((a, b) => rank(a) - rank(b));
  const state = concerns[0]?.severity ?? "well";
  return { state, concerns, sentence: sentenceOf(summary, concerns) };
}

const rank = ({ severity }: Concern) => (severity === "bad" ? 0 : 1);

function sentenceOf({ slots, queue }: BoardSummary, concerns: readonly Concern[]): string {
  if (slots.total === 0) return "No Mac has joined the fleet yet.";
  const bad = concerns.filter(({ severity }) => severity === "bad").length;
  if (bad > 0) return bad === 1 ? "Something is wrong." : `${bad} things are wrong.`;
  if (concerns.length > 0) return "Nothing is broken, but have a look.";
  return queue.depth > 0 && slots.free + slots.warm === 0
    ? `All is well; the fleet is full and ${countText(queue.depth, "VM")} ${queue.depth === 1 ? "waits" : "wait"}.`
    : "All is well.";
}

function* ofHosts(hosts: readonly BoardHost[]): Generator<Concern> {
  const those = (is: (host: BoardHost) => boolean) => hosts.filter(is).length;
  const silent = those(({ condition }) => condition === "unreachable");
  const broken = those(({ by }) => by === "breaker");
  const ill = those(({ errors }) => errors > 0);
  const behind = those(({ agentIsBehind }) => agentIsBehind);
  if (silent > 0) {
    yield {
      severity: "bad",
      text: `${countText(silent, "host")} ${silent === 1 ? "is" : "are"} silent: their agents do not answer`,
      href: "/?state=unreachable",
    };
  }
  if (broken > 0) {
    yield {
      severity: "bad",
      text: `${countText(broken, "host")} ${broken === 1 ? "was" : "were"} closed because VM after VM failed there`,
      href: "/hosts?state=breaker",
    };
  }
  if (ill > 0) {
    yield {
      severity: "bad",
      text: `The doctor found errors on ${countText(ill, "host")}`,
      href: "/hosts?state=ill",
    };
  }
  if (behind > 0) {
    yield {
      severity: "watch",
      text: `The agents of ${countText(behind, "host")} are older than the control plane`,
      href: "/hosts?state=behind",
    };
  }
}

function* ofSlots({ slots }: BoardSummary): Generator<Concern> {
  if (slots.phantom > 0) {
    yield {
      severity: "watch",
      text: `${countText(slots.phantom, "slot")} ${slots.phantom === 1 ? "is" : "are"} taken by VMs that nobody asked tartfleet for`,
      href: "/?state=phantom",
    };
  }
}

function* ofQueue({ queue, slots }: BoardSummary, now: number): Generator<Concern> {
  const oldestMs = queue.oldestSince === null ? 0 : now - Date.parse(queue.oldestSince);
  if (oldestMs > LONG_WAIT_MS && slots.free > 0) {
    yield {
      severity: "bad",
      text: `A VM has waited for ${durationText(oldestMs)} although slots are free`,
      href: "/queue",
    };
  }
}

function* ofFailures({ lastHour: { ended, failed, failures } }: BoardSummary): Generator<Concern> {
  const all = ended + failed;
  if (all >= FEW_ENDS && failed / all >= MANY_FAILED) {
    const most = failures[0];
    yield {
      severity: "bad",
      text: `${failed} of ${all} VMs failed in the last hour${most ? `, most of them by ${most.reason}` : ""}`,
      href: "/vms?state=failed",
    };
  }
}
