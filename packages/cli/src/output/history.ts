import type { HistoryAnswer, HistoryPoint } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { table, type Column } from "./table.ts";
import { durationText } from "./time.ts";

type Line = HistoryAnswer["lines"][number];

const BARS = "▁▂▃▄▅▆▇█";
/** A line of bars is no wider. */
const MOST_BARS = 48;

/** What of a series is drawn: durations by their p95, samples by their mean, all else by how many there were. */
const DRAWN: Record<string, { name: string; of: (point: HistoryPoint) => number }> = {
  wait: { name: "P95", of: ({ p95 }) => p95 ?? 0 },
  boot: { name: "P95", of: ({ p95 }) => p95 ?? 0 },
  slots: { name: "MEAN", of: ({ mean }) => mean },
  queue: { name: "MEAN", of: ({ mean }) => mean },
};
const COUNTED = { name: "COUNT", of: ({ count }: HistoryPoint) => count };

/** `history`: a line of bars for each key, with its numbers over the whole time. */
export function historyTable(answer: HistoryAnswer, style: Style): string {
  const drawn = DRAWN[answer.series] ?? COUNTED;
  return table(
    answer.lines,
    [
      {
        head: answer.series.toUpperCase(),
        text: ({ key }) => key || "fleet",
        cut: { from: "start", least: 12 },
      },
      ...numbersOf(answer.series),
      { head: `${drawn.name} OVER TIME`, text: (line) => barsOf(line, answer, drawn.of), spare: 1 },
    ],
    style,
  );
}

function numbersOf(series: string): Column<Line>[] {
  const column = (head: string, text: (line: Line) => string): Column<Line> => ({
    head,
    text,
    align: "right",
  });
  const count = ({ points }: Line) => points.reduce((sum, point) => sum + point.count, 0);
  const most = ({ points }: Line) => Math.max(...points.map(({ max }) => max));
  const mean = (line: Line) =>
    line.points.reduce((sum, point) => sum + point.mean * point.count, 0) / count(line);
  switch (series) {
    case "wait":
    case "boot":
      return [
        column("COUNT", (line) => String(count(line))),
        column("MEAN", (line) => durationText(mean(line) * 1000)),
        column("LONGEST", (line) => durationText(most(line) * 1000)),
      ];
    case "slots":
    case "queue":
      return [column("MEAN", (line) => mean(line).toFixed(1)), column("MOST", (line) => String(most(line)))];
    default:
      return [column("COUNT", (line) => String(count(line)))];
  }
}

/** One bar for a part of the time, as high as the highest point in it; a space where nothing was observed. */
function barsOf(
  { points }: Line,
  { from, to }: Pick<HistoryAnswer, "from" | "to">,
  of: (point: HistoryPoint) => number,
): string {
  const begin = Date.parse(from);
  const width = (Date.parse(to) - begin) / MOST_BARS;
  const heights = new Map<number, number>();
  for (const point of points) {
    const bar = Math.min(MOST_BARS - 1, Math.max(0, Math.floor((Date.parse(point.at) - begin) / width)));
    heights.set(bar, Math.max(heights.get(bar) ?? 0, of(point)));
  }
  const highest = Math.max(...heights.values());
  return Array.from({ length: MOST_BARS }, (_, bar) => {
    const height = heights.get(bar);
    if (height === undefined) return " ";
    return (
      BARS[highest === 0 ? 0 : Math.min(BARS.length - 1, Math.floor((height / highest) * BARS.length))] ?? " "
    );
  })
    .join("")
    .trimEnd();
}
