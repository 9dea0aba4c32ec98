const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** The two largest units of a time: `0s`, `42s`, `3m 5s`, `2h`, `4d 6h`. */
export function durationText(milliseconds: number): string {
  let rest = Math.max(0, Math.round(milliseconds / 1000));
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS) {
    const amount = Math.floor(rest / seconds);
    rest -= amount * seconds;
    if (amount > 0) parts.push(`${amount}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0s";
}

/** The largest unit alone: `3m ago`, `in 2h`, `now`; `-` for a time that is not set. */
export function age(time: string | null, now: number): string {
  if (time === null) return "-";
  const away = now - Date.parse(time);
  const seconds = Math.floor(Math.abs(away) / 1000);
  const unit = UNITS.find(([, size]) => seconds >= size);
  if (!unit) return "now";
  const amount = `${Math.floor(seconds / unit[1])}${unit[0]}`;
  return away < 0 ? `in ${amount}` : `${amount} ago`;
}

/** `2026-03-01 12:00:05` in this machine's time zone. */
export function localTime(time: string): string {
  const date = new Date(time);
  return `${localDate(date)} ${clockTime(time)}`;
}

/** `12:00:05` in this machine's time zone. */
export function clockTime(time: string): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
}

/** A time with its age, for details; `-` when it is not set. */
export function timeWithAge(time: string | null, now: number): string {
  return time === null ? "-" : `${localTime(time)} (${age(time, now)})`;
}

function localDate(date: Date): string {
  return [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
}

function two(amount: number): string {
  return String(amount).padStart(2, "0");
}
