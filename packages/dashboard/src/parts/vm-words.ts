import type { AttemptError, VmState, VmSummary } from "@tartfleet/shared";
import { bytesText } from "./text.ts";

/** True when nothing will ever happen to the VM again. */
export function hasEnded(state: VmState): boolean {
  return state === "deleted" || state === "failed";
}

/** In the order of a VM's life. */
export const STATES: readonly VmState[] = [
  "queued",
  "assigned",
  "pulling",
  "cloning",
  "booting",
  "provisioning",
  "ready",
  "draining",
  "stopping",
  "deleted",
  "failed",
];

const COLORS: Partial<Record<VmState, string>> = {
  queued: "gray",
  ready: "green",
  draining: "violet",
  stopping: "violet",
  deleted: "gray",
  failed: "red",
};

/** Of its badge; the state's name stands in it. */
export function colorOf(state: VmState): string {
  return COLORS[state] ?? "blue";
}

/** `42 % of 25.4 GB`; null when it does not pull. */
export function pullText({ state, pullPercent, pullTotalBytes }: VmSummary): string | null {
  if (state !== "pulling" || pullPercent === null) return null;
  return pullTotalBytes === null ? `${pullPercent} %` : `${pullPercent} % of ${bytesText(pullTotalBytes)}`;
}

/** What an attempt's error brought along, the long ones (ends of logs, outputs) apart from the short. */
export function factsOf({ facts }: AttemptError): { short: [string, string][]; long: [string, string][] } {
  const all = Object.entries(facts)
    .filter(([, value]) => value !== null)
    .map(([name, value]): [string, string] => [name, String(value).trimEnd()])
    // The end of a log is often all that the command said.
    .filter(([, value], at, those) => those.findIndex(([, other]) => other === value) === at);
  const isLong = ([, value]: [string, string]) => value.includes("\n") || value.length > 80;
  return { short: all.filter((fact) => !isLong(fact)), long: all.filter(isLong) };
}
