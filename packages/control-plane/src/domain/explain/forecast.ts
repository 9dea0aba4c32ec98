import { decide, type FleetView } from "../scheduling/decide.ts";
import { makeHeld, type Holder } from "../scheduling/held.ts";
import { misfit, takeBackRoom, type HostRoom } from "../scheduling/host-room.ts";
import type { Need, Request } from "../scheduling/request.ts";
import { makeRoomIndex, type Layout, type RoomIndex } from "../scheduling/room-index.ts";
import { dueOf, type SharePolicy } from "../scheduling/shares.ts";
import { insert } from "../scheduling/sorted-list.ts";
import { makeWaitQueue } from "../scheduling/wait-queue.ts";
import { quantileOf } from "../history/quantiles.ts";
import { scramble } from "../scramble.ts";
import { positionOf } from "./position.ts";

/** What holds room on a host, and counts for its team's share wherever it is. */
export interface Occupant {
  hostId: number;
  /** null for a Linux VM. */
  slot: number | null;
  team: string;
  priority: string;
  need: Need;
}

/** The fleet as it stands, and how long things take. Times are milliseconds from now. */
export interface Standing<O extends Occupant = Occupant> {
  rooms: readonly HostRoom[];
  /** Hosts that take VMs from a time on that is known: cordons that end. */
  returning: readonly { at: number; room: HostRoom }[];
  occupants: readonly O[];
  /** Requests of one team and class that need the same, each in the order of acceptance. */
  lines: readonly { requests: readonly Request[] }[];
  policy: SharePolicy;
  layout: Layout;
  /**
   * When the occupant's room is free again, at the quantile `u`; undefined when nobody can say, and then it stays.
   */
  leaves(occupant: O, u: number): number | undefined;
  /** How long a request that is placed holds its room, at the quantile `u`. */
  stays(request: Request, hasImage: boolean, u: number): number | undefined;
}

/** When a waiting VM will be placed. */
export interface Forecast {
  /** Milliseconds from now; Infinity for "later than can be foretold". Undefined: nothing that is foreseen places it. */
  p50: number | undefined;
  p90: number | undefined;
  /** How many others are placed before it in the middle of all cases; undefined when that was not reached. */
  before: number | undefined;
  /** It is too far back in the queue to be gone through one by one: told from how fast the queue moves. */
  isExtrapolated: boolean;
}

/** Steps that a forecast goes through in all: some ten milliseconds. */
const MOST_STEPS = 900;
/** Steps of the first run, by which it is seen how many a run takes. */
const FIRST_STEPS = 400;
/** So many occupants cost as much as a step. */
const OCCUPANTS_A_STEP = 15;
/** How many runs: primes, so that every step length visits every stratum. */
const RUNS = [23, 17, 11, 7, 5, 3];

/**
 * When a VM that waits will be placed: the scheduler itself (`decide`), run over the fleet as it stands while VMs
 * come to their end. Each run draws the length of each VM from its own distribution, so that over all runs every
 * part of every distribution is drawn once (Latin hypercube); the same input gives the same answer.
 */
export function forecast<O extends Occupant>(standing: Standing<O>, vmId: string): Forecast {
  const run = makeRuns(standing, vmId);
  const first = run((subject) => stratum(subject, 0, 1), FIRST_STEPS);
  if (first.at === undefined) return extrapolated(first);
  const cost = first.steps + standing.occupants.length / OCCUPANTS_A_STEP;
  const runs = RUNS.find((number) => number * cost <= MOST_STEPS) ?? 1;
  if (runs === 1) return { p50: first.at, p90: first.at, before: first.before, isExtrapolated: false };
  const starts = Array.from({ length: runs }, (_, index) => {
    return run((subject) => stratum(subject, index, runs), 3 * first.steps + runs).at ?? Infinity;
  }).toSorted((a, b) => a - b);
  return {
    p50: quantileOf(starts, 0.5),
    p90: quantileOf(starts, 0.9),
    before: first.before,
    isExtrapolated: false,
  };
}

/** How many of the occupants are gone within a time: the mean, and what it is with so much certainty at least. */
export function leavingWithin<O extends Occupant>(
  { occupants, leaves }: Pick<Standing<O>, "occupants" | "leaves">,
  milliseconds: number,
): { expected: number; p50: number; p90: number } {
  const runs = RUNS.find((number) => (number * occupants.length) / OCCUPANTS_A_STEP <= MOST_STEPS) ?? 3;
  const counts = Array.from(
    { length: runs },
    (_, index) =>
      occupants.filter((occupant, subject) => {
        const left = leaves(occupant, stratum(subject, index, runs));
        return left !== undefined && left <= milliseconds;
      }).length,
  ).toSorted((a, b) => a - b);
  return {
    expected: counts.reduce((sum, leaving) => sum + leaving, 0) / runs,
    p50: Math.floor(quantileOf(counts, 0.5) ?? 0),
    p90: Math.floor(quantileOf(counts, 0.1) ?? 0),
  };
}

/**
 * A subject's quantile in one of the runs: over all runs it is in each stratum once, and subjects go through them by
 * step lengths and from places of their own.
 */
function stratum(subject: number, run: number, runs: number): number {
  const own = scramble(subject + 1);
  const step = 1 + ((own >>> 8) % Math.max(1, runs - 1));
  const inside = scramble(own + run) / 2 ** 32;
  return ((((own >>> 20) + step * run) % runs) + inside) / runs;
}

interface Run {
  /** When it was placed; undefined when it was not within the steps. */
  at: number | undefined;
  /** How many others were placed before. */
  before: number;
  /** Of those, of its own team. */
  beforeOfTeam: number;
  /** How many of its team are due before it. */
  aheadInTeam: number;
  /** How far the run came. */
  until: number;
  steps: number;
  /** Nothing more would come to its end. */
  ranDry: boolean;
}

/** When the room that somebody holds becomes free, or a host takes VMs again. */
type End = { at: number } & ({ holds: Occupant } | { returns: number });

const latestFirst = (a: End, b: End) => b.at - a.at;

/** What warm VMs hold counts as free; that they take moments to go is less than any forecast knows. */
function withoutWarm(room: HostRoom): HostRoom {
  const { warm, ...rest } = room;
  return warm === undefined ? room : rest;
}

/** Runs over one and the same fleet: each leaves it as it found it. */
function makeRuns<O extends Occupant>(standing: Standing<O>, vmId: string) {
  const { policy, occupants } = standing;
  const held = makeHeld();
  const holdersNow = Map.groupBy(
    occupants.filter(({ slot }) => slot !== null),
    ({ hostId }) => hostId,
  );
  for (const [hostId, holders] of holdersNow) held.set(hostId, holders);
  const returning = standing.returning.map(({ at, room }) => ({ at, room: withoutWarm(room) }));
  const returns = new Set(returning.map(({ room }) => room.hostId));
  const lines = standing.lines.map(({ requests }) => requests);
  const target = lines.flat().find((request) => request.vmId === vmId);
  const index = makeRoomIndex(standing.layout);
  for (const room of standing.rooms) index.put(withoutWarm(room));
  /** Rooms as they were before the run. */
  const touched = new Map<number, HostRoom>();
  const touch = (room: HostRoom | undefined) => {
    if (room && !touched.has(room.hostId)) touched.set(room.hostId, room);
  };
  const rooms: RoomIndex = {
    ...index,
    take(hostId, need) {
      touch(index.room(hostId));
      return index.take(hostId, need);
    },
  };

  return (quantile: (subject: number) => number, mostSteps: number): Run => {
    const queue = makeWaitQueue((request) => dueOf(policy, request));
    /** Who holds slots of the hosts that the run has touched. */
    const holders = new Map<number, readonly Holder[]>();
    const hold = (hostId: number, change: (now: readonly Holder[]) => readonly Holder[]) => {
      const next = change(holders.get(hostId) ?? holdersNow.get(hostId) ?? []);
      holders.set(hostId, next);
      held.set(hostId, next);
    };
    const view: FleetView = { queue, rooms, held, policy };
    const ends: End[] = returning.map(({ at: time, room }) => ({
      at: Math.max(0, time),
      returns: room.hostId,
    }));
    const away = new Map(returning.map(({ room }) => [room.hostId, room]));
    const after = new Map<string, { line: readonly Request[]; place: number }>();
    let subjects = occupants.length;
    let at: number | undefined;
    let until = 0;
    let steps = 0;
    let before = 0;
    let beforeOfTeam = 0;

    /** Of a line only the first counts: the next follows when it is placed. */
    function join(line: readonly Request[], place: number): void {
      const request = line[place];
      if (!request) return;
      after.set(request.vmId, { line, place });
      queue.put(request);
    }

    function place(now: number): void {
      for (;;) {
        const [placement] = decide(view, 1);
        const next = placement && after.get(placement.vmId);
        const request = next?.line[next.place];
        if (!next || !request) return;
        steps += 1;
        const { hostId, slot } = placement;
        const { team, priority, need } = request;
        if (slot !== null) hold(hostId, (holding) => [...holding, { team, priority }]);
        if (request.vmId === vmId) {
          at = now;
          return;
        }
        before += 1;
        if (request.team === target?.team) beforeOfTeam += 1;
        const hasImage = index.room(hostId)?.images.has(need.image) ?? false;
        const stays = standing.stays(request, hasImage, quantile(subjects));
        subjects += 1;
        if (stays !== undefined) {
          const end = { at: now + stays, holds: { hostId, slot, team, priority, need } };
          insert(ends, end, latestFirst);
        }
        join(next.line, next.place + 1);
      }
    }

    function release(holds: Occupant): void {
      if (holds.slot !== null) hold(holds.hostId, (now) => without(now, holds));
      const room = index.room(holds.hostId);
      const awayRoom = away.get(holds.hostId);
      if (room) open(takeBackRoom(room, holds.need, holds.slot));
      else if (awayRoom) away.set(holds.hostId, takeBackRoom(awayRoom, holds.need, holds.slot));
    }

    /** There is more room on a host than before. */
    function open(room: HostRoom): void {
      touch(index.room(room.hostId));
      index.put(room);
      queue.unpark(({ need }) => misfit(need, room, index.imageGiB(need)) === undefined);
    }

    for (const [subject, holds] of occupants.entries()) {
      const left = standing.leaves(holds, quantile(subject));
      if (left !== undefined) ends.push({ at: Math.max(0, left), holds });
    }
    ends.sort(latestFirst);
    for (const line of lines) join(line, 0);
    place(0);
    while (at === undefined && steps < mostSteps) {
      const end = ends.pop();
      if (!end) break;
      until = end.at;
      steps += 1;
      const returned = "returns" in end ? away.get(end.returns) : undefined;
      if (returned) away.delete(returned.hostId);
      if ("holds" in end) release(end.holds);
      else if (returned) open(returned);
      place(until);
    }
    for (const { room } of returning) index.remove(room.hostId);
    for (const room of touched.values()) if (!returns.has(room.hostId)) index.put(room);
    touched.clear();
    for (const hostId of holders.keys()) held.set(hostId, holdersNow.get(hostId) ?? []);
    const ranDry = at === undefined && steps < mostSteps;
    const aheadInTeam =
      at === undefined && target ? positionOf(standing.lines, target, policy).inTeam - 1 : 0;
    return { at, before, beforeOfTeam, aheadInTeam, until, steps, ranDry };
  };
}

/** One holder less. */
function without(holders: readonly Holder[], { team, priority }: Holder): readonly Holder[] {
  const index = holders.findIndex((holder) => holder.team === team && holder.priority === priority);
  return holders.filter((_, place) => place !== index);
}

/** How much longer than in the middle it takes at p90, where that is not gone through: a guess. */
const SPREAD = 1.5;

/** As far as the queue of its team has moved in the time of the run, so it moves on. */
function extrapolated({ ranDry, until, beforeOfTeam, aheadInTeam }: Run): Forecast {
  const none = { p50: undefined, p90: undefined, before: undefined, isExtrapolated: !ranDry };
  if (ranDry) return none;
  const at = beforeOfTeam === 0 ? Infinity : (until * (aheadInTeam + 1)) / beforeOfTeam;
  return { ...none, p50: at, p90: at * SPREAD };
}
