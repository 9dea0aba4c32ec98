import { ScrollArea, Switch } from "@mantine/core";
import { useId, useState } from "react";
import { Empty, Section } from "../parts/page.tsx";
import { Rows } from "../parts/rows.tsx";
import { Plot, type Kind } from "./plot.tsx";
import type { Range } from "./ranges.ts";
import { sentenceOf, type Shape } from "./shape.ts";
import { timeText, UNITS, type Unit } from "./words.ts";

/** A chart with its heading, in one sentence for those who do not see it, and as a table for who wants its numbers. */
export function Chart({
  title,
  shape,
  kind,
  unit,
  range,
  nameOf,
}: {
  title: string;
  shape: Shape;
  kind: Kind;
  unit: Unit;
  range: Range;
  nameOf: (key: string) => string;
}) {
  const [isTable, setIsTable] = useState(false);
  const id = useId();
  const value = UNITS[unit];
  const sentence = sentenceOf(title, shape, { name: nameOf, value, time: timeText });
  const aside = shape.keys.length > 0 && (
    <Switch
      size="xs"
      label="As a table"
      aria-label={`${title} as a table`}
      checked={isTable}
      onChange={(event) => setIsTable(event.currentTarget.checked)}
    />
  );
  return (
    <Section title={title} aside={aside}>
      {shape.keys.length === 0 ? (
        <Empty title="Nothing was observed in that time" />
      ) : isTable ? (
        <Numbers title={title} shape={shape} nameOf={nameOf} value={value} />
      ) : (
        <figure className="figure" aria-labelledby={id}>
          <figcaption id={id} className="unseen">
            {sentence}
          </figcaption>
          <Plot shape={shape} kind={kind} unit={unit} range={range} nameOf={nameOf} />
        </figure>
      )}
    </Section>
  );
}

/** The newest first; times at which nothing was observed are left out. */
function Numbers({
  title,
  shape: { keys, rows },
  nameOf,
  value,
}: {
  title: string;
  shape: Shape;
  nameOf: (key: string) => string;
  value: (value: number) => string;
}) {
  const told = rows.filter(({ values }) => keys.some((key) => values[key])).toReversed();
  const columns = keys.map((key) => ({
    head: nameOf(key),
    cell: ({ values }: Shape["rows"][number]) => {
      const found = values[key];
      return found === null || found === undefined ? null : value(found);
    },
    isNumber: true,
  }));
  return (
    <ScrollArea.Autosize mah={320} viewportProps={{ tabIndex: 0 }}>
      <Rows
        label={title}
        rows={told}
        columns={[{ head: "From", cell: ({ at }) => timeText(at) }, ...columns]}
        keyOf={({ at }) => at}
      />
    </ScrollArea.Autosize>
  );
}
