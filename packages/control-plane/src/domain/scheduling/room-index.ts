import type { Labels } from "@tartfleet/shared";
import { carries, misfit, roundDisk, type HostRoom } from "./host-room.ts";
import { nameOfImage, sorted, type Need, type Request } from "./request.ts";
import { insert, takeOut } from "./sorted-list.ts";
import { inTheWay, place, takeOver, type WarmHolder } from "./warm.ts";

/** How VMs are laid out: on the host with the most free slots, or on the fullest that still fits. */
export type Layout = "spread" | "pack";

/** Hosts that differ in nothing but the images they have. */
interface Shape {
  like: HostRoom;
  /** In the order of their ids, so that of hosts that are alike always the same is taken. */
  hosts: number[];
  /** Those that have an image, or fetch it. */
  having: Map<string, number[]>;
  fetching: Map<string, number[]>;
}

/** Hosts with the same labels, of those that are asked for. */
interface Labelled {
  labels: Labels;
  shapes: Map<string, Shape>;
}

/*
 * Which host is better: each line outweighs all those below it. So an image that must be pulled first, which
 * takes minutes, outweighs an even layout, and a host that fails outweighs an image. A warm VM gives its room up only
 * where there is no other.
 */
const RANK = {
  notTried: 1e6,
  notSuspect: 2e5,
  vacant: 1e5,
  hasImage: 2e4,
  fetchesImage: 1e4,
  preferredLabel: 100,
};
const MOST_PREFERRED = 50;
/** What a host can be worth beyond its shape. */
const MOST_OF_HOST = RANK.notTried + RANK.hasImage;

/**
 * The rooms of all hosts that take VMs. A search looks at the kinds of hosts, not at the hosts: in a fleet of
 * thousands of Macs there are a few dozen (how many slots, cores and how much memory and disk are free).
 */
export function makeRoomIndex(layout: Layout) {
  const rooms = new Map<number, HostRoom>();
  const places = new Map<number, { group: string; shape: string }>();
  const groups = new Map<string, Labelled>();
  const sizes = new Map<string, number>();
  /** Only labels that somebody asks for tell hosts apart: each may well have one of its own. */
  const askedKeys = new Set<string>();
  const matching = new Map<string, Labelled[]>();
  /** The group of labels, as long as the same are asked for: what a host takes or gives leaves its labels as they are. */
  let groupKeys = new WeakMap<Labels, string>();
  /** How many hosts there are of each size. */
  const hardware = new Map<string, Pick<HostRoom, "cpu" | "memoryMiB"> & { hosts: number }>();
  /** Hosts where a warm VM stands by, by what it is made like. */
  const standing = new Map<string, number[]>();
  let freeSlots = 0;

  function countHardware({ cpu, memoryMiB }: HostRoom, change: number): void {
    const key = `${cpu} ${memoryMiB}`;
    const hosts = (hardware.get(key)?.hosts ?? 0) + change;
    if (hosts === 0) hardware.delete(key);
    else hardware.set(key, { cpu, memoryMiB, hosts });
  }

  const askedOf = (labels: Labels): Labels =>
    Object.fromEntries(Object.entries(labels).filter(([key]) => askedKeys.has(key)));

  function groupKeyOf({ labels }: HostRoom): string {
    const key = groupKeys.get(labels) ?? JSON.stringify(sorted(askedOf(labels)));
    groupKeys.set(labels, key);
    return key;
  }

  function add(room: HostRoom): void {
    const groupKey = groupKeyOf(room);
    const group = groups.get(groupKey) ?? { labels: askedOf(room.labels), shapes: new Map<string, Shape>() };
    if (!groups.has(groupKey)) {
      groups.set(groupKey, group);
      matching.clear();
    }
    const shapeKey = shapeKeyOf(room);
    const shape = group.shapes.get(shapeKey) ?? {
      like: room,
      hosts: [],
      having: new Map<string, number[]>(),
      fetching: new Map<string, number[]>(),
    };
    group.shapes.set(shapeKey, shape);
    insert(shape.hosts, room.hostId, byId);
    for (const image of room.images.keys()) addTo(shape.having, image, room.hostId);
    for (const image of room.arriving) addTo(shape.fetching, image, room.hostId);
    for (const fit of fitsOf(room)) addTo(standing, fit, room.hostId);
    rooms.set(room.hostId, room);
    places.set(room.hostId, { group: groupKey, shape: shapeKey });
    freeSlots += room.freeSlots.length;
    countHardware(room, 1);
  }

  function remove(hostId: number): void {
    const room = rooms.get(hostId);
    const place = places.get(hostId);
    const group = place && groups.get(place.group);
    const shape = place && group?.shapes.get(place.shape);
    if (!room || !place || !group || !shape) return;
    rooms.delete(hostId);
    places.delete(hostId);
    takeOut(shape.hosts, hostId, byId);
    for (const image of room.images.keys()) removeFrom(shape.having, image, hostId);
    for (const image of room.arriving) removeFrom(shape.fetching, image, hostId);
    for (const fit of fitsOf(room)) removeFrom(standing, fit, hostId);
    if (shape.hosts.length === 0) group.shapes.delete(place.shape);
    if (group.shapes.size === 0) {
      groups.delete(place.group);
      matching.clear();
    }
    freeSlots -= room.freeSlots.length;
    countHardware(room, -1);
  }

  function put(room: HostRoom): void {
    remove(room.hostId);
    add(room);
    for (const [image, gib] of room.images) sizes.set(image, Math.max(gib, sizes.get(image) ?? 0));
  }

  /** Labels that are asked for from now on. */
  function askFor(keys: readonly string[]): void {
    const fresh = keys.filter((key) => !askedKeys.has(key));
    if (fresh.length === 0) return;
    for (const key of fresh) askedKeys.add(key);
    groupKeys = new WeakMap();
    matching.clear();
    const all = [...rooms.values()].filter(({ labels }) => fresh.some((key) => key in labels));
    for (const room of all) {
      remove(room.hostId);
      add(room);
    }
  }

  function roomOf(hostId: number): HostRoom {
    const room = rooms.get(hostId);
    if (!room) throw new Error(`host ${hostId} is not in the index`);
    return room;
  }

  function groupsWith(labels: Labels): Labelled[] {
    const key = JSON.stringify(sorted(labels));
    let found = matching.get(key);
    if (!found) {
      found = [...groups.values()].filter((group) => carries(group.labels, labels));
      matching.set(key, found);
    }
    return found;
  }

  function imageGiB(need: Pick<Need, "image" | "asked">): number | undefined {
    return sizes.get(need.image) ?? sizes.get(nameOfImage(need));
  }

  /**
   * The best host that can take it, now or as soon as warm VMs have made room.
   *
   * @param only must say the same of hosts that differ in nothing but images
   */
  function find(
    need: Need,
    triedHosts: readonly number[],
    only: (room: HostRoom) => boolean = () => true,
  ): HostRoom | undefined {
    askFor([...Object.keys(need.hostLabels), ...Object.keys(need.preferredHostLabels)]);
    const gib = imageGiB(need);
    let best: HostRoom | undefined;
    let bestRank = Number.NEGATIVE_INFINITY;
    for (const group of groupsWith(need.hostLabels)) {
      for (const shape of group.shapes.values()) {
        const ofShape = rankOfShape(shape.like, need, layout);
        if (ofShape + MOST_OF_HOST < bestRank || !only(shape.like)) continue;
        for (const { room, rank } of candidates(rooms, shape, need, triedHosts)) {
          const sum = rank + ofShape;
          const isBetter = sum > bestRank || (sum === bestRank && best && room.hostId < best.hostId);
          if (!isBetter || misfit(need, room, gib)) continue;
          best = room;
          bestRank = sum;
        }
      }
    }
    return best;
  }

  return {
    put,
    remove,
    room: (hostId: number): HostRoom | undefined => rooms.get(hostId),
    all: (): IterableIterator<HostRoom> => rooms.values(),
    size: (): number => rooms.size,
    /** The sizes of Macs that there are. */
    hardware: (): IterableIterator<Pick<HostRoom, "cpu" | "memoryMiB">> => hardware.values(),
    /** How many slots are free on all of them. */
    freeSlots: (): number => freeSlots,
    /** The size of an image, in GiB, where any host knew it: of what its tag stood for before, if need be. */
    imageGiB,

    find,

    /** Whether some host but those could take it, now or when others have gone. */
    couldTake(need: Need, notOn: readonly number[]): boolean {
      askFor(Object.keys(need.hostLabels));
      return groupsWith(need.hostLabels).some(({ shapes }) =>
        [...shapes.values()].some(
          ({ like, hosts }) =>
            misfit({ ...need, notOn: [] }, like, undefined) !== "too_small" &&
            hosts.some((hostId) => !notOn.includes(hostId)),
        ),
      );
    },

    /** The warm VM whose instance it can take over, on the host that carries most of its preferred labels. */
    standingBy({ need, triedHosts, fit }: Request): { hostId: number; warm: WarmHolder } | undefined {
      let best: HostRoom | undefined;
      let bestRank = -1;
      for (const hostId of fit === undefined ? [] : (standing.get(fit) ?? [])) {
        const room = rooms.get(hostId);
        if (!room || triedHosts.includes(hostId) || room.suspectImages.has(need.image)) continue;
        // Of disk it takes no more.
        const reason = misfit(need, room, undefined);
        if (reason !== undefined && reason !== "disk") continue;
        const rank = (room.isSuspect ? 0 : MOST_PREFERRED + 1) + preferredOf(room, need.preferredHostLabels);
        if (rank <= bestRank) continue;
        best = room;
        bestRank = rank;
      }
      const warm = best?.warm?.find(
        (vm) => vm.state === "idle" && fit !== undefined && vm.fits.includes(fit),
      );
      return best && warm && { hostId: best.hostId, warm };
    },

    /** The best host for a VM that is to be kept warm: one where nothing has to go for it. */
    findForWarm(need: Need): HostRoom | undefined {
      const best = find(need, [], (room) => room.takesWarm === true);
      return best && inTheWay(best, need).length === 0 ? best : undefined;
    },

    /** Takes what it needs from the host's room: the slot (null for a VM that needs none), and what must go first. */
    take(hostId: number, need: Need): { slot: number | null; after: readonly WarmHolder[]; left: HostRoom } {
      const { room: left, slot, after } = place(roomOf(hostId), need);
      const isThere = left.images.has(need.image);
      put(isThere ? left : { ...left, arriving: new Set([...left.arriving, need.image]) });
      return { slot, after, left };
    },

    /** Takes a warm VM's room for one that takes its instance over. */
    takeWarm: (hostId: number, need: Need, warm: WarmHolder): void =>
      put(takeOver(roomOf(hostId), need, warm)),
  };
}

export type RoomIndex = ReturnType<typeof makeRoomIndex>;

function shapeKeyOf(room: HostRoom): string {
  const {
    freeSlots,
    cpu,
    memoryMiB,
    freeCpu,
    freeMemoryMiB,
    diskFreeGiB,
    isSuspect,
    isKept,
    warm = [],
  } = room;
  const held = (what: "cpu" | "memoryMiB") => warm.reduce((sum, vm) => sum + vm[what], 0);
  return [
    freeSlots.length,
    cpu,
    memoryMiB,
    freeCpu,
    freeMemoryMiB,
    roundDisk(diskFreeGiB),
    isSuspect ? 1 : 0,
    isKept ? 1 : 0,
    room.takesWarm ? 1 : 0,
    warm.filter(({ slot }) => slot !== null).length,
    held("cpu"),
    held("memoryMiB"),
  ].join();
}

function preferredOf({ labels }: HostRoom, preferred: Labels): number {
  const carried = Object.entries(preferred).filter(([key, value]) => labels[key] === value);
  return Math.min(carried.length, MOST_PREFERRED);
}

/** What warm VMs are made like that stand by there. */
function fitsOf({ warm = [] }: HostRoom): Set<string> {
  return new Set(warm.flatMap(({ state, fits }) => (state === "idle" ? fits : [])));
}

function rankOfShape(like: HostRoom, need: Need, layout: Layout): number {
  return (
    (like.isSuspect ? 0 : RANK.notSuspect) +
    (inTheWay(like, need).length === 0 ? RANK.vacant : 0) +
    preferredOf(like, need.preferredHostLabels) * RANK.preferredLabel +
    (layout === "spread" ? like.freeSlots.length : -like.freeSlots.length)
  );
}

/** One host of a shape for each thing that tells its hosts apart, with what that is worth. */
function candidates(
  rooms: ReadonlyMap<number, HostRoom>,
  shape: Shape,
  need: Need,
  triedHosts: readonly number[],
): { room: HostRoom; rank: number }[] {
  const { image, notOn = [] } = need;
  const hosts = [
    { ids: shape.having.get(image), rank: RANK.hasImage },
    { ids: shape.fetching.get(image), rank: RANK.fetchesImage },
    { ids: shape.hosts, rank: 0 },
  ];
  const found: { room: HostRoom; rank: number }[] = [];
  const name = nameOfImage(need);
  for (const { ids, rank } of hosts) {
    const room = firstSound(rooms, ids ?? [], name, triedHosts);
    if (room) found.push({ room, rank: rank + RANK.notTried });
  }
  // Where the VM or its image failed is better than nowhere: the others may lack the disk for the image.
  for (const { ids } of hosts) {
    const first = ids?.find((hostId) => !notOn.includes(hostId));
    const room = first === undefined ? undefined : rooms.get(first);
    if (room) found.push({ room, rank: 0 });
  }
  return found;
}

/** The first where neither this VM nor its image failed before. There are seldom many of those that did. */
function firstSound(
  rooms: ReadonlyMap<number, HostRoom>,
  hostIds: readonly number[],
  image: string,
  triedHosts: readonly number[],
): HostRoom | undefined {
  for (const hostId of hostIds) {
    const room = rooms.get(hostId);
    if (room && !triedHosts.includes(hostId) && !room.suspectImages.has(image)) return room;
  }
  return undefined;
}

const byId = (a: number, b: number) => a - b;

function addTo(index: Map<string, number[]>, key: string, hostId: number): void {
  const ids = index.get(key);
  if (ids) insert(ids, hostId, byId);
  else index.set(key, [hostId]);
}

function removeFrom(index: Map<string, number[]>, key: string, hostId: number): void {
  const ids = index.get(key);
  if (!ids) return;
  takeOut(ids, hostId, byId);
  if (ids.length === 0) index.delete(key);
}
