import { samplesOf } from "../support/exposition.ts";

/** As Prometheus does: of which target it is. */
const TARGET = 'job="tartfleet",instance="fleet:7337"';

/** What a Prometheus would have kept: every series with its values, by the minute. */
export function makeScrapes() {
  const series = new Map<string, (number | undefined)[]>();
  let newest = 0;

  function keep(name: string, minute: number, value: number): void {
    const values = series.get(name) ?? [];
    values[minute] = value;
    series.set(name, values);
  }
  keep(`up{${TARGET}}`, 0, 1);

  return {
    /** @param text of /metrics in that minute; undefined: it could not be scraped */
    add(minute: number, text: string | undefined): void {
      newest = minute;
      for (const [name, value] of samplesOf(text ?? "")) keep(withTarget(name), minute, value);
      keep(`up{${TARGET}}`, minute, text === undefined ? 0 : 1);
    },
    /** The minute of the newest. */
    minute: (): number => newest,
    names: (): string[] => [...series.keys()],
    /** As promtool takes them; `_` where a series was not there. */
    input: (wanted: (name: string) => boolean): { series: string; values: string }[] =>
      [...series].flatMap(([name, values]) =>
        wanted(name.replace(/\{.*/s, ""))
          ? [
              {
                series: name,
                values: Array.from({ length: newest + 1 }, (_, at) => values[at] ?? "_").join(" "),
              },
            ]
          : [],
      ),
  };
}

function withTarget(name: string): string {
  return name.includes("{") ? name.replace("{", `{${TARGET},`) : `${name}{${TARGET}}`;
}
