import type { JobOutcome, VmOutcome } from "./outcome.ts";

/** A VM of the final table. */
export interface TableRow extends VmOutcome, JobOutcome {
  vmName: string;
}

const HEADS = ["VM", "host/slot", "queue wait", "boot", "job", "job's result", "end reason", "total"];

/** The final table, one VM a line, as text. */
export function table(rows: readonly TableRow[]): string {
  const cells = [HEADS, ...rows.map(cellsOf)];
  const widths = HEADS.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "─".repeat(width)).join("───");
  return [...lines.slice(0, 1), rule, ...lines.slice(1)].join("\n");
}

function cellsOf(row: TableRow): string[] {
  return [
    row.vmName,
    row.host === null ? "-" : `${row.host}/${row.slot ?? "-"}`,
    seconds(row.queueSeconds),
    seconds(row.bootSeconds),
    seconds(row.jobSeconds),
    `${row.conclusion ?? "none"}, ${row.result}`,
    row.endReason ?? "-",
    seconds(row.totalSeconds),
  ];
}

const seconds = (value: number | null): string => (value === null ? "-" : `${value.toFixed(1)} s`);
