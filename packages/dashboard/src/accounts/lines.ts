import type { SlotReport, SlotReportLine } from "@tartfleet/shared";

/** So many lines are drawn; the table has all. */
const MOST_DRAWN = 12;

/** What of a report is drawn: the minutes of each kind that has any, by line. */
export interface Drawn {
  kinds: readonly string[];
  rows: readonly { name: string; minutes: Readonly<Record<string, number>> }[];
}

/** What a line is of, for people. */
export function nameOf({ key }: Pick<SlotReportLine, "key">): string {
  return Object.values(key)
    .map((value) => value ?? "nobody’s")
    .join(", ");
}

export function drawnOf({ lines, total }: SlotReport): Drawn {
  const kinds = Object.entries(total.minutes)
    .filter(([, minutes]) => minutes > 0)
    .map(([kind]) => kind);
  const rows = lines.slice(0, MOST_DRAWN).map((line) => ({ name: nameOf(line), minutes: line.minutes }));
  return { kinds, rows };
}

/** `1,234.5`: minutes with as many digits as tell something. */
export function minutesText(minutes: number): string {
  return minutes.toLocaleString("en", { maximumFractionDigits: minutes < 100 ? 1 : 0 });
}
