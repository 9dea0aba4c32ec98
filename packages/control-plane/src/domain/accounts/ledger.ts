import type { Labels, SlotKind } from "@tartfleet/shared";
import { beginOf, DAY_MS } from "../history/spans.ts";

/** Days are kept for three years; what hosts did, for which there is a row a host, for a quarter. */
export const KEPT_DAYS = 3 * 365;
export const KEPT_HOST_DAYS = 92;

/** What is not told apart any more, for there is too much else. */
export const OTHER = "(other)";
/** So many rows of a day tell a team's VMs apart by image and labels, and so many tell teams apart. */
export const MOST_OF_TEAM = 200;
export const MOST_OF_DAY = 5000;

/** Time in a slot, or in the queue. */
export type LedgerKind = "waiting" | SlotKind;

/** Whose time it is. */
export interface Account {
  /** Empty: nobody's. */
  team: string;
  /** A repository; empty: none. */
  image: string;
  /** Those labels of its VM that are kept. */
  labels: Labels;
}

/** A time that was spent on something. Milliseconds since 1970. */
export interface Spent extends Account {
  kind: LedgerKind;
  /** Where the slot is; null for time in the queue. */
  hostId: number | null;
  from: number;
  until: number;
}

/** A time in parts, one for each day (UTC) that it is in; none where a clock that was set back made it negative. */
export function byDay(from: number, until: number): { day: number; ms: number }[] {
  const parts: { day: number; ms: number }[] = [];
  // What is older is not kept anyway.
  for (let at = Math.max(from, until - KEPT_DAYS * DAY_MS); at < until;) {
    const day = beginOf(at, DAY_MS);
    const end = Math.min(until, day + DAY_MS);
    parts.push({ day, ms: end - at });
    at = end;
  }
  return parts;
}

/** The labels that are kept, of all that a VM has, in the order of their keys. */
export function keptLabels(labels: Labels, keys: readonly string[]): Labels {
  return Object.fromEntries(
    keys
      .toSorted()
      .flatMap((key): [string, string][] => (labels[key] === undefined ? [] : [[key, labels[key]]])),
  );
}

/**
 * The account under which the time of one that has no row yet is kept: its own, or, where there are enough rows, one
 * that tells less apart. Who creates VMs chooses images, labels and, with a token of no team, teams.
 *
 * @param rows how many the day has, and how many of the team
 */
export function keptUnder(account: Account, rows: { ofTeam: number; ofDay: number }): Account {
  const labels = Object.fromEntries(Object.keys(account.labels).map((key) => [key, OTHER]));
  if (rows.ofDay >= MOST_OF_DAY) return { team: OTHER, image: OTHER, labels };
  return rows.ofTeam >= MOST_OF_TEAM ? { ...account, image: OTHER, labels } : account;
}
