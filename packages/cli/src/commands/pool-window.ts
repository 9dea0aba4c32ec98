import { WEEKDAYS, type PoolWindow, type Weekday } from "@tartfleet/shared";
import { InvalidArgumentError } from "commander";

const WINDOW = /^(?<days>[a-z,-]+) +(?<from>\d\d:\d\d)-(?<to>\d\d:\d\d)(?: +(?<count>\d{1,5}))?$/;

/**
 * A window as people write it: `mon-fri 07:00-19:00`, `sat,sun 10:00-16:00 2`.
 *
 * @throws InvalidArgumentError
 */
export function windowOf(text: string): PoolWindow {
  const parts = WINDOW.exec(text.trim())?.groups;
  const days = parts?.["days"]?.split(",").flatMap(daysOf);
  if (!parts || days?.length === 0 || !days?.every((day) => day !== undefined))
    throw new InvalidArgumentError("It must be like `mon-fri 07:00-19:00` or `sat,sun 10:00-16:00 2`.");
  const { from = "", to = "", count } = parts;
  return {
    days: [...new Set(days)],
    from,
    to,
    ...(count === undefined ? {} : { minIdle: Number(count) }),
  };
}

/** The window in one line, as `windowOf` reads it. */
export function windowText({ days, from, to, minIdle }: PoolWindow): string {
  return `${days.join(",")} ${from}-${to}${minIdle === undefined ? "" : ` ${minIdle}`}`;
}

/** `mon` or `fri-mon`; undefined for what is no day. */
function daysOf(text: string): (Weekday | undefined)[] {
  const [first, last = first, ...more] = text.split("-");
  const from = WEEKDAYS.findIndex((day) => day === first);
  const to = WEEKDAYS.findIndex((day) => day === last);
  if (from === -1 || to === -1 || more.length > 0) return [undefined];
  const count = ((to - from + WEEKDAYS.length) % WEEKDAYS.length) + 1;
  return Array.from({ length: count }, (_, step) => WEEKDAYS[(from + step) % WEEKDAYS.length]);
}
