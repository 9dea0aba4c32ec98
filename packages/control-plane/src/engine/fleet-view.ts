import { DEFAULT_PRIORITY, imageParts, type Labels } from "@tartfleet/shared";
import { slotUses } from "../domain/capacity.ts";
import type { FleetView } from "../domain/scheduling/decide.ts";
import { fitsOf } from "../domain/pools/pool.ts";
import { makeHeld, type Holder } from "../domain/scheduling/held.ts";
import { demandOn, misfit, type HostRoom } from "../domain/scheduling/host-room.ts";
import { hostsToKeep, type Kept } from "../domain/scheduling/kept.ts";
import { makeRoomIndex, type Layout } from "../domain/scheduling/room-index.ts";
import { resting, restsUntil, type Request } from "../domain/scheduling/request.ts";
import { dueOf, type SharePolicy } from "../domain/scheduling/shares.ts";
import type { WarmHolder } from "../domain/scheduling/warm.ts";
import { makeWaitQueue } from "../domain/scheduling/wait-queue.ts";
import { imageOf, type Vm } from "../domain/vm.ts";
import type { Occupant, StoredHost } from "../store/host-rows.ts";
import type { Store } from "../store/store.ts";
import type { Suspicions } from "./breaker.ts";
import type { Clock } from "./clock.ts";
import type { Leases } from "./leases.ts";

/**
 * What the scheduler decides by, in memory: built from the store at the start, and brought up to date host by
 * host and VM by VM. What has changed is only marked; `refresh` reads it, so that a view that was changed by a
 * decision is never mixed with what the store says of before it was carried out.
 */
export function makeFleetView(options: {
  store: Pick<Store, "hosts" | "hostById" | "requests" | "request">;
  leases: Pick<Leases, "isConnected">;
  suspicions: Pick<Suspicions, "of">;
  clock: Pick<Clock, "now">;
  policy: SharePolicy;
  layout: Layout;
}) {
  const { store, leases, suspicions, clock, policy, layout } = options;
  const view: FleetView = {
    queue: makeWaitQueue((request) => dueOf(view.policy, request)),
    rooms: makeRoomIndex(layout),
    held: makeHeld(),
    policy,
  };
  const changedHosts = new Set<number>();
  const changedVms = new Set<string>();
  /** VMs that are kept off where they failed, with until when. */
  const rests = new Map<string, number>();
  let kept: Kept = { hostIds: new Set(), nextAt: undefined };

  function put(hostId: number, host: StoredHost | undefined): HostRoom | undefined {
    view.held.set(hostId, host ? holdersOf(host) : []);
    const room = host && leases.isConnected(hostId) ? openRoomOf(host) : undefined;
    if (room) view.rooms.put(room);
    else view.rooms.remove(hostId);
    return room;
  }

  /** What the host can be given: nothing when it is cordoned, and one VM when it is being tried. */
  function openRoomOf(host: StoredHost): HostRoom | undefined {
    const since = host.cordon?.breaker?.probingSince;
    if (host.cordon && since == null) return undefined;
    const room = roomOf(host);
    const isTried = since != null && host.occupants.some(({ placedAt }) => placedAt >= since);
    if (!room || isTried) return undefined;
    return {
      ...room,
      ...suspicions.of(host.id),
      isKept: kept.hostIds.has(host.id),
      freeSlots: since == null ? room.freeSlots : room.freeSlots.slice(0, 1),
    };
  }

  function queue(request: Request): void {
    const until = restsUntil(request);
    const rest = until > clock.now() && view.rooms.couldTake(request.need, request.triedHosts);
    if (rest) rests.set(request.vmId, until);
    else rests.delete(request.vmId);
    view.queue.put(rest ? resting(request) : request);
  }

  function readHosts(): HostRoom[] {
    const rooms = [...changedHosts].flatMap((hostId) => put(hostId, store.hostById(hostId)) ?? []);
    changedHosts.clear();
    return rooms;
  }

  /** Takes up again what may fit now. */
  function unpark(rooms: readonly HostRoom[]): void {
    if (rooms.length === 0) return;
    view.queue.unpark(({ need }) => {
      const imageGiB = view.rooms.imageGiB(need);
      return rooms.some((room) => misfit(need, room, imageGiB) === undefined);
    });
  }

  /** Keeps hosts for large VMs that have waited long, and no others. */
  function keep(): void {
    const before = kept.hostIds;
    kept = hostsToKeep(view, before, clock.now());
    for (const hostId of [...before, ...kept.hostIds]) {
      if (before.has(hostId) !== kept.hostIds.has(hostId)) changedHosts.add(hostId);
    }
    unpark(readHosts());
  }

  /** Those whose rest is over are looked at anew. */
  function wakeRested(): void {
    const now = clock.now();
    for (const [vmId, until] of rests) {
      if (until <= now) changedVms.add(vmId);
    }
  }

  for (const host of store.hosts()) put(host.id, host);
  for (const request of store.requests()) if (!request.awaitsDigest) queue(request);

  return {
    view,

    /** A host connected, fell silent, changed, or something was put on it or taken off. */
    hostChanged: (hostId: number): void => void changedHosts.add(hostId),

    /** A VM took a step. */
    vmChanged({ id, state }: Pick<Vm, "id" | "state">): void {
      if (state === "queued" || view.queue.has(id)) changedVms.add(id);
    },

    /** When something is to be decided anew though nothing has happened; undefined for never. */
    nextAt(): number | undefined {
      let next = kept.nextAt;
      for (const until of rests.values()) next = Math.min(until, next ?? until);
      return next;
    },

    /** Until when a VM is kept off where it failed; undefined when it is not. */
    restsUntil: (vmId: string): number | undefined => rests.get(vmId),

    /** Reads what has changed, and takes up again what may fit now. */
    refresh(): void {
      const rooms = readHosts();
      wakeRested();
      for (const vmId of changedVms) {
        const request = store.request(vmId);
        if (request && !request.awaitsDigest) queue(request);
        else {
          rests.delete(vmId);
          view.queue.remove(vmId);
        }
      }
      changedVms.clear();
      unpark(rooms);
      keep();
    },
  };
}

/** The fleet's view as it is kept. */
export type KeptView = ReturnType<typeof makeFleetView>;

/** What its agent says, under what its enrolment bound it to: an agent cannot take a label off. */
export function labelsOf({ facts, boundLabels }: Pick<StoredHost, "facts" | "boundLabels">): Labels {
  return { ...facts?.labels, ...boundLabels };
}

/** Slots that a host's attempts hold, those of some or of all, and what else runs there. */
export function occupancyOf(
  host: StoredHost,
  which: (occupant: Occupant) => boolean = () => true,
): { heldSlots: number[]; phantoms: number } {
  return {
    heldSlots: host.occupants.filter(which).flatMap(({ slot }) => (slot === null ? [] : [slot])),
    phantoms: host.phantoms,
  };
}

/** What a warm VM has counts as free: it makes room for any other. */
export const isCounted = ({ spec }: Occupant): boolean => spec.pool === undefined;

function holdersOf({ occupants }: StoredHost): Holder[] {
  return occupants
    .filter((occupant) => occupant.slot !== null && isCounted(occupant))
    .map(({ team, spec }) => ({ team, priority: spec.priority ?? DEFAULT_PRIORITY }));
}

/** A host as the scheduler sees it; undefined before its agent has told of it. */
export function roomOf(host: StoredHost): HostRoom | undefined {
  const { facts } = host;
  if (!facts) return undefined;
  const uses = slotUses(occupancyOf(host));
  const demandsOf = ({ spec: { os, cpu, memoryMiB } }: Occupant) =>
    demandOn(facts, { os, cpu: cpu ?? null, memoryMiB: memoryMiB ?? null });
  const demands = host.occupants.filter(isCounted).map(demandsOf);
  const warm = host.occupants
    .filter((occupant) => !isCounted(occupant))
    .map((occupant): WarmHolder => ({ ...demandsOf(occupant), ...warmHolder(occupant) }));
  const taken = (what: "cpu" | "memoryMiB") => demands.reduce((sum, demand) => sum + demand[what], 0);
  const images = new Map(
    facts.images.flatMap(({ reference, sizeGiB, digest }): [string, number][] => {
      const repository = imageParts(reference)?.repository;
      const byDigest =
        digest === undefined || repository === undefined ? reference : `${repository}@${digest}`;
      return [
        [reference, sizeGiB],
        [byDigest, sizeGiB],
      ];
    }),
  );
  const wanted = host.occupants.filter(({ want }) => want === "running").map(imageOf);
  const pulls = facts.pulls?.map(({ reference }) => reference) ?? [];
  return {
    hostId: host.id,
    labels: labelsOf(host),
    images,
    arriving: new Set([...wanted, ...pulls].filter((image) => !images.has(image))),
    suspectImages: new Set(),
    isSuspect: false,
    isKept: false,
    freeSlots: [...uses.keys()].filter(
      (slot) => uses[slot] === "free" || warm.some((vm) => vm.slot === slot),
    ),
    ...(warm.length > 0 ? { warm } : {}),
    takesWarm: facts.keepsWarm === true && host.cordon === null,
    cpu: facts.cpu,
    memoryMiB: facts.memoryMiB,
    freeCpu: facts.cpu - taken("cpu"),
    freeMemoryMiB: facts.memoryMiB - taken("memoryMiB"),
    diskFreeGiB: facts.diskFreeGiB,
  };
}

function warmHolder({
  vmId,
  slot,
  want,
  placedAt,
  spec,
  imageDigest,
  state,
}: Occupant): Omit<WarmHolder, "cpu" | "memoryMiB"> {
  return {
    vmId,
    fits: fitsOf({ spec, imageDigest }),
    slot,
    since: placedAt,
    state: want === "gone" ? "leaving" : state === "provisioning" ? "idle" : "booting",
  };
}
