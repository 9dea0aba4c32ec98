import { Paper, Text } from "@mantine/core";
import {
  Bar,
  BarChart,
  CartesianGrid,
  Legend,
  Line,
  LineChart,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import "./charts.css";
import type { Range } from "./ranges.ts";
import type { Shape } from "./shape.ts";
import { tickText, timeText, UNITS, type Unit } from "./words.ts";

/** lines: each for itself · bars: parts of a whole, one upon the other */
export type Kind = "lines" | "bars";

type Row = Shape["rows"][number];

const HEIGHT_PX = 240;
const COLORS = 8;
/** Lines are told apart by these too. */
const DASHES = ["0", "6 3", "2 3", "8 3 2 3"];

export const colorOf = (place: number): string => `var(--series-${place % COLORS})`;

/** A shape as a chart. It says nothing to who does not see it: what it shows is said beside it. */
export function Plot({
  shape,
  kind,
  unit,
  range,
  nameOf,
}: {
  shape: Shape;
  kind: Kind;
  unit: Unit;
  range: Range;
  nameOf: (key: string) => string;
}) {
  const Chart = kind === "lines" ? LineChart : BarChart;
  return (
    <div className="chart" aria-hidden>
      <ResponsiveContainer width="100%" height={HEIGHT_PX}>
        <Chart
          data={[...shape.rows]}
          accessibilityLayer={false}
          barCategoryGap={0}
          margin={{ top: 8, right: 8, left: 0, bottom: 0 }}
        >
          <CartesianGrid vertical={false} stroke="var(--mantine-color-default-border)" />
          <XAxis
            dataKey="at"
            tickFormatter={(at: number) => tickText(at, range)}
            minTickGap={48}
            tickLine={false}
          />
          <YAxis
            width={64}
            tickFormatter={UNITS[unit]}
            tickLine={false}
            axisLine={false}
            allowDecimals={unit !== "number"}
          />
          <Tooltip isAnimationActive={false} content={<Told unit={unit} nameOf={nameOf} />} />
          <Legend iconSize={10} itemSorter={null} formatter={(key: string) => nameOf(key)} />
          {shape.keys.map((key, place) => {
            const common = {
              name: key,
              dataKey: ({ values }: Row) => values[key],
              isAnimationActive: false,
              fill: colorOf(place),
              stroke: colorOf(place),
            };
            if (kind === "bars") return <Bar key={key} {...common} stackId="all" strokeWidth={0} />;
            return (
              <Line
                key={key}
                {...common}
                type="linear"
                strokeWidth={2}
                strokeDasharray={DASHES[place % DASHES.length] ?? "0"}
                dot={{ r: 1.5, strokeDasharray: "0" }}
                connectNulls
              />
            );
          })}
        </Chart>
      </ResponsiveContainer>
    </div>
  );
}

/** What is at the pointer. */
function Told({
  active,
  payload,
  label,
  unit,
  nameOf,
}: {
  active?: boolean;
  payload?: readonly { name?: unknown; value?: unknown }[];
  label?: unknown;
  unit: Unit;
  nameOf: (key: string) => string;
}) {
  if (!active || !payload || payload.length === 0) return null;
  return (
    <Paper withBorder shadow="sm" p="xs">
      <Text size="xs" fw={600}>
        {timeText(Number(label))}
      </Text>
      {payload
        .filter(({ value }) => typeof value === "number" && value > 0)
        .map(({ name, value }) => (
          <Text key={String(name)} size="xs" className="numbers">
            {nameOf(String(name))}: {UNITS[unit](Number(value))}
          </Text>
        ))}
    </Paper>
  );
}
