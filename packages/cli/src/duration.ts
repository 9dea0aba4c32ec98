const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const DURATION = /^(?:\d+[smhd])+$/;

/** How durations are written on the command line, for help and messages. */
export const DURATION_FORM = "90s, 10m, 6h, 1h30m or 2d; a plain number is seconds";

/** Seconds of `90s`, `1h30m`, `2d` or a plain number of seconds; undefined when the text is neither. */
export function parseDuration(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  if (!DURATION.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)([smhd])/g)) {
    if (unit === "s" || unit === "m" || unit === "h" || unit === "d")
      seconds += Number(amount) * SECONDS[unit];
  }
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}
