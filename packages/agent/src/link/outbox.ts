import { instanceName, type AttemptRef, type Report } from "@tartfleet/shared";

/**
 * Reports that the control plane has not acknowledged, in the order in which things happened. Of an
 * attempt's phases that follow each other only the newest is kept. Bounded: what is dropped first is what
 * matters least.
 */
export interface Outbox {
  put(report: Report): void;
  /** The oldest reports, at most as many as one call carries. The same again until they are acknowledged. */
  next(): readonly Report[];
  /** The first `count` of those last handed out were answered. */
  acknowledge(count: number): void;
  /** Forgets what is said of attempts that nobody asks about any more. */
  retain(isAsked: (attempt: AttemptRef) => boolean): void;
  readonly size: number;
}

/** Far below the control plane's frame limit of 1 MiB, whatever the characters. */
const BATCH_CHARACTERS = 100_000;
const BATCH_REPORTS = 50;
const LONGEST = 1000;

export function createOutbox(): Outbox {
  let waiting: Report[] = [];
  let sent: readonly Report[] = [];

  return {
    put(report) {
      waiting = withReport(waiting, report);
      if (waiting.length > LONGEST) waiting = withoutLeast(waiting);
    },
    next() {
      sent = firstBatch(waiting);
      return sent;
    },
    acknowledge(count) {
      const answered = new Set(sent.slice(0, count));
      waiting = waiting.filter((report) => !answered.has(report));
      sent = [];
    },
    retain(isAsked) {
      waiting = waiting.filter(isAsked);
    },
    get size() {
      return waiting.length;
    },
  };
}

function withReport(waiting: readonly Report[], report: Report): Report[] {
  const name = instanceName(report.vmId, report.attempt);
  const at = waiting.findLastIndex(({ vmId, attempt }) => instanceName(vmId, attempt) === name);
  const last = waiting[at];
  if (last?.kind !== "phase" || report.kind !== "phase") return [...waiting, report];
  const { pullPercent: _percent, pullTotalBytes: _bytes, ...kept } = last;
  return waiting.with(at, { ...kept, ...report });
}

function firstBatch(waiting: readonly Report[]): readonly Report[] {
  const batch: Report[] = [];
  let characters = 0;
  for (const report of waiting.slice(0, BATCH_REPORTS)) {
    characters += JSON.stringify(report).length;
    if (batch.length > 0 && characters > BATCH_CHARACTERS) break;
    batch.push(report);
  }
  return batch;
}

function withoutLeast(waiting: readonly Report[]): Report[] {
  const least = (["stop_rung", "phase"] as const)
    .map((kind) => waiting.findIndex((report) => report.kind === kind))
    .find((at) => at >= 0);
  return waiting.toSpliced(least ?? 0, 1);
}
