import { csvLine, type AuditRecord } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { table } from "./table.ts";
import { localTime } from "./time.ts";

/** `audit list`. */
export function auditTable(records: readonly AuditRecord[], style: Style): string {
  return table(
    records,
    [
      { head: "ROW", text: ({ seq }) => String(seq), align: "right" },
      { head: "TIME", text: ({ at }) => localTime(at) },
      { head: "WHO", text: ({ actor }) => actor, cut: { from: "end", least: 12 } },
      {
        head: "WHAT",
        text: ({ action, outcome }) => (outcome === "done" ? action : `${action} refused`),
        paint: (text, { outcome }, colors) => (outcome === "done" ? text : colors.red(text)),
      },
      { head: "TO", text: ({ subject }) => subject, cut: { from: "end", least: 12 } },
      { head: "FROM", text: ({ address }) => address ?? "-", spare: 1 },
      {
        head: "REQUEST",
        text: ({ requestId }) => requestId ?? "-",
        cut: { from: "end", least: 8 },
        spare: 3,
      },
      { head: "DETAILS", text: detailsOf, cut: { from: "end", least: 10 }, spare: 2 },
    ],
    style,
  );
}

function detailsOf({ details }: AuditRecord): string {
  return Object.entries(details)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(", ");
}

const CSV_FIELDS = [
  "seq",
  "at",
  "actor",
  "action",
  "subject",
  "outcome",
  "address",
  "requestId",
  "details",
  "previous",
  "hash",
] as const satisfies (keyof AuditRecord)[];

export const CSV_HEAD = CSV_FIELDS.join(",");

/** One line of CSV, as `CSV_HEAD` says. */
export function auditCsv(record: AuditRecord): string {
  return csvLine(CSV_FIELDS.map((field) => record[field]));
}
