import type { AttemptError, BringUpState, Report } from "@tartfleet/shared";
import type { Instance } from "./instance.ts";
import type { RunEndFacts } from "./outcome.ts";

/** What an instance now is, with the report that says so. */
interface Told {
  instance: Instance;
  reports: Report[];
}

type Pulled = Pick<Extract<Report, { kind: "phase" }>, "pullPercent" | "pullTotalBytes">;

/** The instance has come to a phase; the report carries all that is known of it by now. */
export function withPhase(instance: Instance, phase: BringUpState, pulled: Pulled = {}): Told {
  const { vmId, attempt, imageDigest, ip } = instance.entry;
  const report: Extract<Report, { kind: "phase" }> = {
    kind: "phase",
    vmId,
    attempt,
    phase,
    ...pulled,
    ...(imageDigest === null ? {} : { imageDigest }),
    ...(ip === null ? {} : { ip }),
  };
  return { instance: { ...instance, memory: { ...instance.memory, phase: report } }, reports: [report] };
}

/** The attempt failed; nothing more is tried, and what exists of it waits to be wanted gone. */
export function failedIn(instance: Instance, phase: BringUpState, unbounded: AttemptError): Told {
  const { vmId, attempt } = instance.entry;
  const error = bounded(unbounded);
  return {
    instance: { ...instance, entry: { ...instance.entry, failure: { phase, error } } },
    reports: [{ kind: "failed", vmId, attempt, phase, error }],
  };
}

/** The run is over, for good. */
export function ended(instance: Instance, { cause, logTail }: RunEndFacts): Told {
  const { vmId, attempt } = instance.entry;
  const end: Extract<Report, { kind: "run_ended" }> = { kind: "run_ended", vmId, attempt, cause, logTail };
  return { instance: { ...instance, memory: { ...instance.memory, end } }, reports: [end] };
}

/** The instance was seen absent. */
export function gone(instance: Instance): Told {
  const { vmId, attempt } = instance.entry;
  return {
    instance: { ...instance, memory: { ...instance.memory, goneReported: true } },
    reports: [{ kind: "gone", vmId, attempt }],
  };
}

/**
 * Everything that still matters about an instance, said once more: to a control plane that may have
 * forgotten it (a restored backup). Each fact may be said any number of times.
 */
export function retell({ entry, memory }: Instance): Report[] {
  const { vmId, attempt } = entry;
  if (memory.goneReported) return [{ kind: "gone", vmId, attempt }];
  if (entry.failure) return [{ kind: "failed", vmId, attempt, ...entry.failure }];
  return [...(memory.phase ? [memory.phase] : []), ...(memory.end ? [memory.end] : [])];
}

/** As much of an error as a report may carry: of long texts the end tells more. */
function bounded({ code, message, facts }: AttemptError): AttemptError {
  const short = Object.entries(facts).map(([key, value]) => [
    key,
    typeof value === "string" ? value.slice(-8192) : value,
  ]);
  return { code, message: message.slice(0, 2000), facts: Object.fromEntries(short) };
}
