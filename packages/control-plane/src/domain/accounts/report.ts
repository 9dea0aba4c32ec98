import { SLOT_KINDS, keysOf, type ReportBy, type SlotReportLine } from "@tartfleet/shared";
import type { LedgerKind } from "./ledger.ts";

/** Time of one kind under a line's key. */
export interface Entry {
  key: Readonly<Record<string, string | null>>;
  kind: LedgerKind;
  ms: number;
}

/** A day as reports name it, like 2026-03-01. */
export function dayText(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

type Sums = Omit<SlotReportLine, "key">;

/** A report's lines, and their sum: by day in the order of days, the most slot-minutes first. */
export function reportOf(
  entries: Iterable<Entry>,
  by: readonly ReportBy[],
): { lines: SlotReportLine[]; total: Sums } {
  const lines = new Map<string, { key: Entry["key"]; spent: Map<LedgerKind, number> }>();
  const whole = new Map<LedgerKind, number>();
  for (const { key, kind, ms } of entries) {
    const own = Object.fromEntries(by.map((each) => [each, key[each] ?? null]));
    const name = JSON.stringify(own);
    const line = lines.get(name) ?? { key: own, spent: new Map<LedgerKind, number>() };
    lines.set(name, line);
    for (const sums of [line.spent, whole]) sums.set(kind, (sums.get(kind) ?? 0) + ms);
  }
  return {
    lines: [...lines.values()].map(({ key, spent }) => ({ key, ...sumsOf(spent) })).sort(inOrder),
    total: sumsOf(whole),
  };
}

/** Whole milliseconds are added up; minutes are made of them last, to a tenth of a second. */
function sumsOf(spent: ReadonlyMap<LedgerKind, number>): Sums {
  const of = (kind: LedgerKind) => minutesOf(spent.get(kind) ?? 0);
  const kinds = keysOf(SLOT_KINDS);
  return {
    waitingMinutes: of("waiting"),
    slotMinutes: minutesOf(kinds.reduce((sum, kind) => sum + (spent.get(kind) ?? 0), 0)),
    minutes: {
      booting: of("booting"),
      working: of("working"),
      draining: of("draining"),
      warm: of("warm"),
      held: of("held"),
      phantom: of("phantom"),
    },
  };
}

const minutesOf = (ms: number) => Math.round(ms / 100) / 600;

function inOrder(a: SlotReportLine, b: SlotReportLine): number {
  const [dayA, dayB] = [a.key["day"] ?? "", b.key["day"] ?? ""];
  if (dayA !== dayB) return dayA < dayB ? -1 : 1;
  if (a.slotMinutes !== b.slotMinutes) return b.slotMinutes - a.slotMinutes;
  return b.waitingMinutes - a.waitingMinutes;
}
