import { useQuery } from "@tanstack/react-query";
import type { HistoryPoint, HistoryQuery } from "@tartfleet/shared";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { Chart } from "./chart.tsx";
import type { Kind } from "./plot.tsx";
import { RANGES, type Range } from "./ranges.ts";
import { shapeOf } from "./shape.ts";
import { plainText, type Unit } from "./words.ts";

/** Of these, what was not observed was none. */
const COUNTED: ReadonlySet<HistoryQuery["series"]> = new Set(["failures", "ends"]);

/** A series of the control plane's history as a chart. */
export function Past({
  title,
  series,
  by,
  team,
  range,
  kind,
  unit,
  pick,
  order,
  nameOf = plainText,
}: {
  title: string;
  range: Range;
  kind: Kind;
  unit: Unit;
  /** What of a point is drawn. */
  pick: (point: HistoryPoint) => number | null;
  /** Keys that come first, in their order. */
  order?: readonly string[];
  nameOf?: (key: string) => string;
} & Pick<HistoryQuery, "series" | "by" | "team">) {
  const trpc = useTRPC();
  const { seconds } = RANGES[range];
  const past = useQuery(trpc.history.query.queryOptions({ series, by, team, lastSeconds: seconds }));
  return (
    <Answer of={past}>
      {(answer) => (
        <Chart
          title={title}
          shape={shapeOf(answer, pick, COUNTED.has(series) ? 0 : null, order)}
          kind={kind}
          unit={unit}
          range={range}
          nameOf={nameOf}
        />
      )}
    </Answer>
  );
}
