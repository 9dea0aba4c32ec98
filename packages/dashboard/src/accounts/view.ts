/** Which days a report is of. */
export const DAYS = ["this-month", "last-month", "7d", "30d", "90d", "1y"] as const;
export type Days = (typeof DAYS)[number];

export const DAYS_WORDS: Readonly<Record<Days, string>> = {
  "this-month": "This month",
  "last-month": "Last month",
  "7d": "7 days",
  "30d": "30 days",
  "90d": "90 days",
  "1y": "A year",
};

/** What the lines of a report are by. `label`: of the label that is named. */
export const BY = ["team", "image", "host", "day", "label"] as const;
type By = (typeof BY)[number];

/** What the page shows; it is in its address. */
export interface AccountsView {
  days?: Days;
  by?: By;
  /** With `by: "label"`: its key. */
  label?: string;
}

const DAY_MS = 86_400_000;
const PAST_DAYS: Readonly<Record<string, number>> = { "7d": 7, "30d": 30, "90d": 90, "1y": 365 };

/** The first and the last day, in UTC, as the control plane counts them. @param now milliseconds since 1970 */
export function daysOf(days: Days, now: number): { from: string; to: string } {
  const today = new Date(now);
  const text = (time: number) => new Date(time).toISOString().slice(0, 10);
  const month = (ahead: number) => Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + ahead, 1);
  if (days === "this-month") return { from: text(month(0)), to: text(now) };
  if (days === "last-month") return { from: text(month(-1)), to: text(month(0) - DAY_MS) };
  return { from: text(now - ((PAST_DAYS[days] ?? 1) - 1) * DAY_MS), to: text(now) };
}
