import type { Held } from "./held.ts";
import type { Request } from "./request.ts";

/** What a team may have of the fleet's slots. */
export interface Share {
  /** Slots that are the team's before anybody borrows. */
  guaranteed: number;
  /** Slots that it may hold at most; null for no bound. */
  cap: number | null;
  /** How it shares what is left with the others. */
  weight: number;
}

/** A class of priority inside every team, the most urgent first. */
export interface PriorityClass {
  name: string;
  /** Slots of the whole fleet that are kept free for it. */
  reserved: number;
}

/** The rules by which slots are shared. */
export interface SharePolicy {
  /** Of a team that is not there, `DEFAULT_SHARE` holds. */
  teams: ReadonlyMap<string, Share>;
  classes: readonly PriorityClass[];
  /** How much longer than a class the next less urgent one waits at most; milliseconds. */
  ageingMs: number;
}

export const DEFAULT_SHARE: Share = { guaranteed: 0, cap: null, weight: 1 };

export function shareOf({ teams }: SharePolicy, team: string): Share {
  return teams.get(team) ?? DEFAULT_SHARE;
}

/**
 * When a request is due. A class comes so much earlier than the next that what waits longer is as urgent as
 * what is more urgent and came later: nothing starves. A class that is not known (any more) is the last.
 */
export function dueOf(
  { classes, ageingMs }: SharePolicy,
  request: Pick<Request, "priority" | "since">,
): number {
  const rank = classes.findIndex(({ name }) => name === request.priority);
  return request.since + (rank === -1 ? classes.length : rank) * ageingMs;
}

/** Whether the team may not hold another slot. */
export function isCapped(share: Share, held: number): boolean {
  return share.cap !== null && held >= share.cap;
}

/**
 * A team's turn, the lowest first: teams that have less than what is guaranteed to them come before those that
 * borrow, and each of those by how full its own measure is.
 */
export function turnOf({ guaranteed, weight }: Share, held: number): [borrows: number, fullness: number] {
  return held < guaranteed ? [0, held / guaranteed] : [1, (held - guaranteed) / weight];
}

/** How many free slots a class must leave to others: those that are kept for them and that they do not hold. */
export function reservedForOthers({ classes }: SharePolicy, priority: string, held: Held): number {
  return classes
    .filter(({ name }) => name !== priority)
    .reduce((sum, { name, reserved }) => sum + Math.max(0, reserved - held.ofClass(name)), 0);
}
