import type { HistoryAnswer, HistoryPoint } from "@tartfleet/shared";

const MINUTE_MS = 60_000;
const STEP_MS: Readonly<Record<HistoryAnswer["step"], number>> = {
  "1m": MINUTE_MS,
  "5m": 5 * MINUTE_MS,
  "1h": 60 * MINUTE_MS,
  "6h": 360 * MINUTE_MS,
  "1d": 1440 * MINUTE_MS,
};

/** What is drawn: at each time a value of each key; null where nothing is known. */
export interface Shape {
  keys: readonly string[];
  rows: readonly { at: number; values: Readonly<Record<string, number | null>> }[];
}

/**
 * The answer as a chart takes it: one row for each step of its time, also where nothing was observed.
 *
 * @param pick what of a point is drawn
 * @param none the value where there is no point: 0 for what is counted, null for what is measured
 * @param order the keys that come first, in their order; others follow, those with most first
 */
export function shapeOf(
  { lines, from, to, step }: HistoryAnswer,
  pick: (point: HistoryPoint) => number | null,
  none: 0 | null,
  order: readonly string[] = [],
): Shape {
  const ms = STEP_MS[step];
  const values = new Map(
    lines.map(({ key, points }): [string, Map<number, number | null>] => [
      key,
      new Map(points.map((point) => [Date.parse(point.at), pick(point)])),
    ]),
  );
  const weight = (key: string) =>
    [...(values.get(key)?.values() ?? [])].reduce<number>((sum, each) => sum + (each ?? 0), 0);
  const place = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length);
  const keys = [...values.keys()].sort((a, b) => place(a) - place(b) || weight(b) - weight(a));
  const rows: Shape["rows"][number][] = [];
  for (let at = Math.floor(Date.parse(from) / ms) * ms; at < Date.parse(to); at += ms) {
    const row = keys.map((key): [string, number | null] => [key, values.get(key)?.get(at) ?? none]);
    rows.push({ at, values: Object.fromEntries(row) });
  }
  return { keys, rows };
}

/** The most at any time and the newest, of one key; undefined when nothing is known of it. */
export function extremesOf(
  { rows }: Shape,
  key: string,
): { most: number; mostAt: number; last: number } | undefined {
  let found: { most: number; mostAt: number; last: number } | undefined;
  for (const { at, values } of rows) {
    const value = values[key];
    if (value === null || value === undefined) continue;
    if (!found || value > found.most) found = { most: value, mostAt: at, last: value };
    found.last = value;
  }
  return found;
}

/** A chart in one sentence, for those who do not see it. */
export function sentenceOf(
  title: string,
  shape: Shape,
  words: { name(key: string): string; value(value: number): string; time(at: number): string },
): string {
  const told = shape.keys.flatMap((key) => {
    const found = extremesOf(shape, key);
    if (!found) return [];
    const { most, mostAt, last } = found;
    return [
      `${words.name(key)}: at most ${words.value(most)} (${words.time(mostAt)}), in the end ${words.value(last)}`,
    ];
  });
  return told.length === 0 ? `${title}: nothing was observed.` : `${title}. ${told.join("; ")}.`;
}
