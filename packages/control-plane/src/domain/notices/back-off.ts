import { evenly } from "../scramble.ts";

const FIRST_MS = 10_000;
const FACTOR = 3;
const LONGEST_MS = 6 * 3_600_000;
/** With what lies between them about a day. */
export const MOST_TRIES = 12;
/** Of each pause up to so much more, lest a receiver that comes back has all of them at once. */
const SPREAD = 0.2;

/**
 * When a delivery is tried again that has failed so often: after 10 s, 30 s, 90 s … and at last every 6 hours, each
 * up to a fifth later, and never before the receiver asked for it.
 *
 * @param tries that have been made
 * @param retryAfterMs what the receiver asked for
 * @returns milliseconds from now; undefined when it is given up
 */
export function pauseBefore(messageId: string, tries: number, retryAfterMs = 0): number | undefined {
  if (tries >= MOST_TRIES) return undefined;
  const pause = Math.min(LONGEST_MS, FIRST_MS * FACTOR ** (tries - 1));
  const spread = Math.round(pause * (1 + SPREAD * evenly(`${messageId} ${tries}`)));
  return Math.max(spread, Math.min(retryAfterMs, LONGEST_MS));
}

/**
 * The header `Retry-After` (RFC 9110): seconds, or a date.
 *
 * @returns milliseconds from now; undefined when it is not there or says nothing
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim();
  if (text === undefined || text === "") return undefined;
  const at = /^\d{1,9}$/.test(text) ? now + Number(text) * 1000 : Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
