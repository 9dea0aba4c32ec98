import Table from "cli-table3";
import type { Colors, Style } from "./style.ts";
import { cutEnd, cutStart, oneLine } from "./text.ts";

export interface Column<Row> {
  head: string;
  /** Plain text, without colours. */
  text: (row: Row) => string;
  /** Given the text as it was cut. */
  paint?: (text: string, row: Row, colors: Colors) => string;
  align?: "right";
  /** Where it may be cut when the terminal is narrow, and to how little. Others are never cut. */
  cut?: { from: "start" | "end"; least: number };
  /** The first to be left out when cutting is not enough: the highest number. */
  spare?: number;
}

const GAP = 2;
const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** A table without lines that fits the width: first long texts are cut, then spare columns are left out. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], style: Style): string {
  const cells = (column: Column<Row>) => rows.map((row) => oneLine(column.text(row)));
  const measured = columns.map((column) => {
    const texts = cells(column);
    return { column, texts, width: Math.max(column.head.length, ...texts.map((text) => text.length)) };
  });
  const fitted = fit(measured, style.width);
  const printed = new Table({
    head: fitted.map(({ column }) => style.colors.dim(column.head)),
    colAligns: fitted.map(({ column }) => column.align ?? "left"),
    chars: NO_LINES,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  for (const [index, row] of rows.entries()) {
    printed.push(
      fitted.map(({ column, texts, width }) => {
        const text = cutTo(texts[index] ?? "", width, column);
        return column.paint ? column.paint(text, row, style.colors) : text;
      }),
    );
  }
  return printed.toString().replaceAll(/ +$/gm, "");
}

interface Measured<Row> {
  column: Column<Row>;
  texts: string[];
  width: number;
}

function fit<Row>(columns: readonly Measured<Row>[], available: number): Measured<Row>[] {
  const total = columns.reduce((sum, { width }) => sum + width, GAP * (columns.length - 1));
  let excess = total - available;
  if (excess <= 0) return [...columns];
  const least = ({ column, width }: Measured<Row>) =>
    column.cut ? Math.min(width, Math.max(column.cut.least, column.head.length)) : width;
  const slack = columns.reduce((sum, measured) => sum + measured.width - least(measured), 0);
  if (slack < excess) {
    const spare = columns
      .filter(({ column }) => column.spare !== undefined)
      .sort((a, b) => (b.column.spare ?? 0) - (a.column.spare ?? 0))[0];
    if (spare) {
      return fit(
        columns.filter((measured) => measured !== spare),
        available,
      );
    }
  }
  // The widest gives first, so that short texts stay whole for as long as possible.
  const widths = columns.map(({ width }) => width);
  while (excess > 0) {
    const widest = columns.reduce((best, measured, index) => {
      const canGive = (widths[index] ?? 0) > least(measured);
      return canGive && (best < 0 || (widths[index] ?? 0) > (widths[best] ?? 0)) ? index : best;
    }, -1);
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return columns.map((measured, index) => ({ ...measured, width: widths[index] ?? measured.width }));
}

function cutTo<Row>(text: string, width: number, { cut }: Column<Row>): string {
  if (!cut) return text;
  return cut.from === "start" ? cutStart(text, width) : cutEnd(text, width);
}

/** Names and values below each other; values of several lines are moved in. */
export function block(
  entries: readonly (readonly [name: string, value: string | undefined])[],
  style: Style,
) {
  const shown = entries.filter((entry): entry is [string, string] => entry[1] !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown
    .map(
      ([name, value]) =>
        `${style.colors.dim(name.padEnd(width))}  ${value.replaceAll("\n", `\n${" ".repeat(width + 2)}`)}`,
    )
    .join("\n");
}
