import { slotUses } from "../domain/capacity.ts";
import type { FleetView } from "../domain/scheduling/decide.ts";
import { demandOn, type HostRoom } from "../domain/scheduling/host-room.ts";
import { makeRoomIndex, type Spread } from "../domain/scheduling/room-index.ts";
import type { Request } from "../domain/scheduling/request.ts";
import { makeWaitQueue } from "../domain/scheduling/wait-queue.ts";
import type { Occupant, StoredHost } from "../store/hosts.ts";
import type { Store } from "../store/store.ts";
import type { Leases } from "./leases.ts";
import { occupancyOf } from "./scheduler.ts";

/** The fleet as placement sees it, kept in memory: made from the store at the start, then changed where that changes. */
export interface LiveFleetView extends FleetView {
  /** Looks anew at one host: what is on it, what it said of itself, whether it is connected. */
  refreshHost(hostId: number): void;
  /** Looks anew at whether a VM waits. */
  refreshVm(vmId: string): void;
}

/** What a host adds to the sums. */
interface Counted {
  freeSlots: number;
  occupants: readonly Occupant[];
}

export function makeFleetView(store: Store, leases: Leases, spread: Spread): LiveFleetView {
  const counted = new Map<number, Counted>();
  const view: LiveFleetView = {
    queue: makeWaitQueue(),
    rooms: makeRoomIndex(spread),
    held: new Map(),
    heldByClass: new Map(),
    freeSlots: 0,
    stuck: new Set(),
    refreshHost(hostId) {
      const host = store.hostById(hostId);
      if (host) look(host);
    },
    refreshVm(vmId) {
      const request = store.request(vmId);
      if (request) view.queue.put(request);
      else view.queue.remove(vmId);
    },
  };

  function look(host: StoredHost): void {
    const room = leases.isConnected(host.id) ? roomOf(host) : undefined;
    if (room) view.rooms.set(room);
    else view.rooms.remove(host.id);
    count(host.id, { freeSlots: room?.freeSlots.length ?? 0, occupants: host.occupants });
    // What fitted nowhere may fit now.
    view.stuck.clear();
  }

  function count(hostId: number, now: Counted): void {
    const before = counted.get(hostId);
    if (before) add(before, -1);
    add(now, 1);
    counted.set(hostId, now);
  }

  function add({ freeSlots, occupants }: Counted, sign: 1 | -1): void {
    view.freeSlots += sign * freeSlots;
    for (const { slot, team, priority } of occupants) {
      if (slot === null) continue;
      view.held.set(team, (view.held.get(team) ?? 0) + sign);
      view.heldByClass.set(priority, (view.heldByClass.get(priority) ?? 0) + sign);
    }
  }

  for (const host of store.hosts()) look(host);
  for (const request of store.requests()) view.queue.put(request);
  return view;
}
