import { Bar, BarChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { colorOf } from "../charts/plot.tsx";
import "../charts/charts.css";
import { minutesText, type Drawn } from "./lines.ts";

const LINE_PX = 34;
const AROUND_PX = 90;

/** Slot-minutes of each line, by kind. It says nothing to who does not see it: the table below says the same. */
export function Bars({ kinds, rows }: Drawn) {
  return (
    <div className="chart" aria-hidden>
      <ResponsiveContainer width="100%" height={AROUND_PX + LINE_PX * rows.length}>
        <BarChart data={[...rows]} layout="vertical" accessibilityLayer={false} margin={{ right: 16 }}>
          <CartesianGrid horizontal={false} stroke="var(--mantine-color-default-border)" />
          <XAxis type="number" tickFormatter={minutesText} tickLine={false} />
          <YAxis type="category" dataKey="name" width={140} tickLine={false} axisLine={false} />
          <Tooltip
            isAnimationActive={false}
            formatter={(value) => `${minutesText(Number(value))} min`}
            contentStyle={{
              background: "var(--mantine-color-body)",
              borderColor: "var(--mantine-color-default-border)",
            }}
          />
          <Legend iconSize={10} itemSorter={null} />
          {kinds.map((kind, place) => (
            <Bar
              key={kind}
              name={kind}
              dataKey={({ minutes }: Drawn["rows"][number]) => minutes[kind]}
              stackId="all"
              fill={colorOf(place)}
              isAnimationActive={false}
            />
          ))}
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}
