import type { Held } from "./held.ts";
import type { RoomIndex } from "./room-index.ts";
import { isCapped, reservedForOthers, shareOf, turnOf, type SharePolicy } from "./shares.ts";
import type { Line, WaitQueue } from "./wait-queue.ts";
import { canStart, type WarmHolder } from "./warm.ts";

export interface Placement {
  vmId: string;
  hostId: number;
  /** null for a Linux VM, which needs no slot. */
  slot: number | null;
  /** The warm VM whose instance it takes over. */
  takes?: string;
  /** Warm VMs that must be gone before it can be carried out; it is decided anew then. */
  after?: readonly string[];
}

/** What the scheduler decides by. Taking room changes it. */
export interface FleetView {
  queue: WaitQueue;
  rooms: RoomIndex;
  held: Held;
  policy: SharePolicy;
}

/**
 * Who is placed where: again and again the team whose turn it is, its most urgent request that fits, a warm VM that
 * it can take over or else the best host. Stops when nothing that waits fits, or with so many placements that can be
 * carried out at once.
 *
 * The view is changed as if they were carried out. A decision costs as much as there are teams that wait and
 * kinds of hosts, however many VMs and hosts there are.
 */
export function decide(view: FleetView, most: number): Placement[] {
  const placements: Placement[] = [];
  /** Where others wait for warm VMs to go: what those still have of the host is not there yet. */
  const clearing = new Map<number, readonly WarmHolder[]>();
  let left = most;
  while (left > 0) {
    const line = nextLine(view);
    const request = line?.requests[0];
    if (!line || !request) break;
    const { vmId } = request;
    const hot = view.rooms.standingBy(request);
    const hostId = hot?.hostId ?? view.rooms.find(line.need, request.triedHosts)?.hostId;
    if (hostId === undefined) {
      view.queue.park(line);
      continue;
    }
    let slot: number | null;
    if (hot) {
      view.rooms.takeWarm(hostId, line.need, hot.warm);
      slot = hot.warm.slot;
      placements.push({ vmId, hostId, slot, takes: hot.warm.vmId });
      left -= 1;
    } else {
      const taken = view.rooms.take(hostId, line.need);
      slot = taken.slot;
      const leaving = [...(clearing.get(hostId) ?? []), ...taken.after];
      if (leaving.length === 0 || (taken.after.length === 0 && canStart(taken.left, slot, leaving))) {
        placements.push({ vmId, hostId, slot });
        left -= 1;
      } else {
        clearing.set(hostId, leaving);
        placements.push({ vmId, hostId, slot, after: leaving.map((warm) => warm.vmId) });
      }
    }
    view.queue.remove(vmId);
    if (slot !== null) view.held.add(hostId, request);
  }
  return placements;
}

/** Slots are what teams share. Linux VMs need none: they come when no macOS VM fits, and take turns by age. */
function nextLine(view: FleetView): Line | undefined {
  return nextMacosLine(view) ?? nextLinuxLine(view);
}

function nextMacosLine({ queue, rooms, held, policy }: FleetView): Line | undefined {
  if (rooms.freeSlots() === 0) return undefined;
  const kept = new Map<string, boolean>();
  const mayTake = ({ priority }: Line): boolean => {
    let may = kept.get(priority);
    if (may === undefined) {
      may = rooms.freeSlots() > reservedForOthers(policy, priority, held);
      kept.set(priority, may);
    }
    return may;
  };
  let best: { line: Line; turn: readonly number[] } | undefined;
  for (const [team, lines] of queue.open("macos")) {
    const share = shareOf(policy, team);
    const has = held.ofTeam(team);
    if (isCapped(share, has)) continue;
    const line = lines.find(mayTake);
    if (!line) continue;
    const turn = [...turnOf(share, has), line.due];
    if (!best || isBefore(turn, best.turn)) best = { line, turn };
  }
  return best?.line;
}

function nextLinuxLine({ queue }: FleetView): Line | undefined {
  let best: Line | undefined;
  for (const [first] of queue.open("linux").values()) {
    if (first && (!best || first.due < best.due)) best = first;
  }
  return best;
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value < other;
  }
  return false;
}
