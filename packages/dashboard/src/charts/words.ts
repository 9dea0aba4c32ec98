import { durationText } from "../parts/text.ts";
import type { Range } from "./ranges.ts";

/** How values of a chart are written. */
export const UNITS = {
  seconds: (value: number) => durationText(value * 1000),
  number: (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(1)),
} as const;
export type Unit = keyof typeof UNITS;

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A time on the axis: of a day or less by the clock, else by the date. */
export function tickText(at: number, range: Range): string {
  return (range === "6h" || range === "24h" ? CLOCK : DAY).format(at);
}

export const timeText = (at: number): string => FULL.format(at);

/** `image_not_found` as people write it. */
export const plainText = (key: string): string => key.replaceAll("_", " ");
