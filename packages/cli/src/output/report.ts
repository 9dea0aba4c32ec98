import { keysOf, SLOT_KINDS, type SlotReport, type SlotReportLine } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { table, type Column } from "./table.ts";

type Row = SlotReportLine & { isTotal?: true };

const KINDS = keysOf(SLOT_KINDS);
/** What a line is of when it is nobody's. */
const NOBODY = "-";

/** `report`: minutes by what was asked for, with their sum. */
export function reportTable({ by, lines, total }: SlotReport, style: Style): string {
  const rows: Row[] = [...lines, { key: {}, ...total, isTotal: true }];
  const number = (head: string, of: (row: Row) => number): Column<Row> => ({
    head,
    text: (row) => of(row).toFixed(1),
    align: "right",
  });
  return table(
    rows,
    [
      ...by.map((each, index): Column<Row> => ({
        head: each.toUpperCase(),
        text: ({ key, isTotal }) => (isTotal ? (index === 0 ? "total" : "") : (key[each] ?? NOBODY)),
        cut: { from: "start", least: 12 },
      })),
      number("SLOT MINUTES", ({ slotMinutes }) => slotMinutes),
      ...KINDS.map((kind): Column<Row> => ({
        ...number(kind.toUpperCase(), ({ minutes }) => minutes[kind]),
        spare: 1,
      })),
      { ...number("WAITED IN QUEUE", ({ waitingMinutes }) => waitingMinutes), spare: 2 },
    ],
    style,
  );
}
