import { WEEKDAYS, type Weekday } from "@tartfleet/shared";

const MINUTE_MS = 60_000;

/** A time as the clocks on the wall of a zone show it. */
export interface LocalTime {
  weekday: Weekday;
  /** Since midnight by the wall. */
  minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(timeZone, format);
  return format;
}

/** The wall's date and time, as if it were UTC; milliseconds. */
function wallOf(at: number, timeZone: string): number {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
}

/** @param at milliseconds since 1970 */
export function localTime(at: number, timeZone: string): LocalTime {
  const wall = new Date(wallOf(at, timeZone));
  // Sunday is JavaScript's first day.
  const weekday = WEEKDAYS[(wall.getUTCDay() + 6) % 7] ?? "mon";
  return { weekday, minute: wall.getUTCHours() * 60 + wall.getUTCMinutes() };
}

/** By how much the wall is ahead of UTC; milliseconds. */
function offsetAt(at: number, timeZone: string): number {
  const second = Math.floor(at / 1000) * 1000;
  return wallOf(second, timeZone) - second;
}

/**
 * The next time at which the wall may show one of these minutes of the day. Never later than it does: where clocks
 * are changed before that, the time at which they are.
 */
export function nextWallMinute(at: number, minutes: readonly number[], timeZone: string): number {
  const offset = offsetAt(at, timeZone);
  const wall = at + offset;
  const day = Math.floor(wall / DAY_MS) * DAY_MS;
  const times = [day, day + DAY_MS].flatMap((midnight) =>
    minutes.map((minute) => midnight + minute * MINUTE_MS),
  );
  const next = Math.min(...times.filter((time) => time > wall)) - offset;
  return offsetAt(next, timeZone) === offset ? next : firstWithOther(at, next, offset, timeZone);
}

const DAY_MS = 24 * 60 * MINUTE_MS;

/** When the clocks are changed, between two times; to the second. */
function firstWithOther(from: number, to: number, offset: number, timeZone: string): number {
  let before = Math.floor(from / 1000);
  let after = Math.ceil(to / 1000);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle * 1000, timeZone) === offset) before = middle;
    else after = middle;
  }
  return after * 1000;
}
