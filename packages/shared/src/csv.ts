import type { SlotReport } from "./report.ts";

/* Needs nothing at run time: the dashboard takes it into the browser. */

/** What a cell can hold; an object is written as JSON. */
type Cell = string | number | object | null;

/** One line of CSV (RFC 4180), without its end. What a spreadsheet would take for a formula is led by an apostrophe. */
export function csvLine(values: readonly Cell[]): string {
  return values.map(cellOf).join(",");
}

function cellOf(value: Cell): string {
  if (typeof value === "number") return String(value);
  const text = typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A report's lines, without their sum, which a spreadsheet makes itself. */
export function slotReportCsv({ by, lines, total }: SlotReport): string {
  const kinds = Object.keys(total.minutes);
  const head = [...by, "slot_minutes", ...kinds.map((kind) => `${kind}_minutes`), "waiting_in_queue_minutes"];
  const rows = lines.map(({ key, slotMinutes, minutes, waitingMinutes }) => [
    ...by.map((each) => key[each] ?? null),
    ...[slotMinutes, ...Object.values(minutes), waitingMinutes].map(rounded),
  ]);
  return [head, ...rows].map((row) => `${csvLine(row)}\r\n`).join("");
}

const rounded = (minutes: number) => Math.round(minutes * 1000) / 1000;
