import type { FleetView } from "./decide.ts";
import { demandOn, isLarge, misfit, type HostRoom } from "./host-room.ts";
import type { Need } from "./request.ts";
import { isCapped, shareOf } from "./shares.ts";
import type { Line } from "./wait-queue.ts";

/** At most one in so many hosts is kept, and always one. */
const ONE_IN = 20;
const LEAST_WAIT_MS = 60_000;

/** Hosts that take nothing but large VMs for a while. */
export interface Kept {
  hostIds: ReadonlySet<number>;
  /** When the next VM will have waited for long enough that a host is kept for it; milliseconds. */
  nextAt: number | undefined;
}

/**
 * Which hosts are kept for VMs that are too large to share a host. Whatever ends on a host leaves room for a small
 * VM first, so that under a steady stream of those no large one would ever start: once it has waited for as long as
 * makes a VM a class more urgent, one host takes no more small ones.
 *
 * @param before those that are kept already: they stay so for as long as somebody needs them
 */
export function hostsToKeep(view: FleetView, before: ReadonlySet<number>, now: number): Kept {
  const waitMs = Math.max(view.policy.ageingMs, LEAST_WAIT_MS);
  const lines = [...view.queue.lines()]
    .filter((line) => isLargeSomewhere(view, line.need) && !isHeldBack(view, line))
    .toSorted((a, b) => sinceOf(a) - sinceOf(b));
  const hostIds = new Set<number>();
  let nextAt: number | undefined;
  for (const { need, requests } of lines) {
    const since = requests[0]?.since ?? now;
    if (now - since < waitMs) {
      nextAt = Math.min(nextAt ?? Infinity, since + waitMs);
      continue;
    }
    if (hostIds.size > view.rooms.size() / ONE_IN) break;
    const hostId = bestFor(view, requests[0]?.triedHosts ?? [], need, before, hostIds);
    if (hostId !== undefined) hostIds.add(hostId);
  }
  return { hostIds, nextAt };
}

const sinceOf = ({ requests }: Line): number => requests[0]?.since ?? Infinity;

function isLargeSomewhere({ rooms }: FleetView, need: Need): boolean {
  if (need.os !== "macos" || (need.cpu === null && need.memoryMiB === null)) return false;
  return [...rooms.hardware()].some((host) => isLarge(demandOn(host, need), host));
}

/** Its team may have no more: what it waits for is not room. */
function isHeldBack({ policy, held }: FleetView, { team }: Line): boolean {
  return isCapped(shareOf(policy, team), held.ofTeam(team));
}

/** The host that is kept already, else the one that lacks the least; no other when it may be placed now. */
function bestFor(
  { rooms }: FleetView,
  triedHosts: readonly number[],
  need: Need,
  before: ReadonlySet<number>,
  taken: ReadonlySet<number>,
): number | undefined {
  const fitting = rooms.find(need, triedHosts);
  if (fitting && before.has(fitting.hostId)) return fitting.hostId;
  if (!fitting && !rooms.couldTake(need, need.notOn ?? [])) return undefined;
  const mayKeep = (room: HostRoom | undefined): room is HostRoom => {
    if (!room || taken.has(room.hostId) || !isLarge(demandOn(room, need), room)) return false;
    const reason = misfit(need, room, undefined);
    return reason === "slots" || reason === "cpu" || reason === "memory";
  };
  // Also while it fits elsewhere: those whose turn it is may take that room first.
  for (const hostId of before) if (mayKeep(rooms.room(hostId))) return hostId;
  if (fitting) return undefined;
  let best: HostRoom | undefined;
  for (const room of rooms.all()) {
    if (mayKeep(room) && (!best || lacks(room, need) < lacks(best, need))) best = room;
  }
  return best?.hostId;
}

/** How far a host is from taking it: what fails comes last, then whatever has the least free. */
function lacks(room: HostRoom, { image }: Need): number {
  const isBad = room.isSuspect || room.suspectImages.has(image);
  const isWithout = !room.images.has(image);
  return (isBad ? 1e3 : 0) - room.freeSlots.length * 10 - (room.freeCpu / room.cpu) * 5 + (isWithout ? 1 : 0);
}
