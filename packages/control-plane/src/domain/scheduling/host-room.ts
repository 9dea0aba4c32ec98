import { SLOTS_PER_HOST, type GuestOs, type Labels } from "@tartfleet/shared";
import type { Need } from "./request.ts";
import type { WarmHolder } from "./warm.ts";

/** A host that takes VMs, as the scheduler sees it. */
export interface HostRoom {
  hostId: number;
  labels: Labels;
  /** The images that it has, by reference and by digest, with their size in GiB. */
  images: ReadonlyMap<string, number>;
  /** Images that it fetches now: sooner there than elsewhere, but not there. */
  arriving: ReadonlySet<string>;
  /** Images that failed there of late. */
  suspectImages: ReadonlySet<string>;
  /** It failed of late whatever the image: taken only where no other fits. */
  isSuspect: boolean;
  /** It takes only VMs that are too large to share a host: one of those has waited long. */
  isKept: boolean;
  /** Indexes of slots that hold nothing, or a warm VM, lowest first; phantom ones are not among them. */
  freeSlots: readonly number[];
  /** VMs that pools keep there: what they have counts as free, here as elsewhere. */
  warm?: readonly WarmHolder[];
  /** Its agent knows how to keep VMs warm. */
  takesWarm?: boolean;
  /** The whole host. */
  cpu: number;
  memoryMiB: number;
  /** What its live attempts leave of it. */
  freeCpu: number;
  freeMemoryMiB: number;
  diskFreeGiB: number;
}

/** How much of a host something takes. */
export interface Demand {
  cpu: number;
  memoryMiB: number;
}

/** What published images of macOS ask for (tart-contract §4.2), and what `tart create --linux` gives a VM (§2.2). */
const UNNAMED: Record<GuestOs, Demand> = {
  macos: { cpu: 4, memoryMiB: 8192 },
  linux: { cpu: 4, memoryMiB: 4096 },
};

/** A clone shares its blocks with the image, and grows with what the guest writes: that much it must be able to. */
const CLONE_GIB = 1;

/**
 * What a VM is counted for on a host. One that names no size has its image's, which nobody here knows: it counts
 * as what images usually ask for, and a macOS VM at most as a slot's share of the host. So two of those fit on any
 * Mac, and neither fits beside one that asked for the whole.
 */
export function demandOn(
  host: Pick<HostRoom, "cpu" | "memoryMiB">,
  { os, cpu, memoryMiB }: Pick<Need, "os" | "cpu" | "memoryMiB">,
): Demand {
  const usual = UNNAMED[os];
  const share = (whole: number, part: number) =>
    os === "macos" ? Math.min(part, Math.floor(whole / SLOTS_PER_HOST)) : part;
  return {
    cpu: cpu ?? share(host.cpu, usual.cpu),
    memoryMiB: memoryMiB ?? share(host.memoryMiB, usual.memoryMiB),
  };
}

/** The host's room once a VM has its part of it, and the slot that it has: null for one that needs none. */
export function giveRoom(
  room: HostRoom,
  need: Pick<Need, "os" | "cpu" | "memoryMiB">,
  which: number | null = room.freeSlots[0] ?? null,
): { room: HostRoom; slot: number | null } {
  const demand = demandOn(room, need);
  const slot = need.os === "macos" ? which : null;
  return {
    slot,
    room: {
      ...room,
      freeSlots: room.freeSlots.filter((free) => free !== slot),
      freeCpu: room.freeCpu - demand.cpu,
      freeMemoryMiB: room.freeMemoryMiB - demand.memoryMiB,
    },
  };
}

/** The host's room once a VM is gone that had its part of it and the slot. */
export function takeBackRoom(
  room: HostRoom,
  need: Pick<Need, "os" | "cpu" | "memoryMiB">,
  slot: number | null,
): HostRoom {
  const demand = demandOn(room, need);
  return {
    ...room,
    freeSlots: slot === null ? room.freeSlots : [...room.freeSlots, slot].toSorted((a, b) => a - b),
    freeCpu: room.freeCpu + demand.cpu,
    freeMemoryMiB: room.freeMemoryMiB + demand.memoryMiB,
  };
}

/** Why a host does not take a VM. The first two will stay so; the others pass. */
export type Misfit = "labels" | "too_small" | "just_failed" | "kept" | "slots" | "cpu" | "memory" | "disk";

/**
 * The first reason why the host cannot take the VM now; undefined when it can.
 *
 * @param imageGiB the size of the image, where any host knows it
 */
export function misfit(
  need: Omit<Need, "preferredHostLabels">,
  host: Omit<HostRoom, "arriving" | "suspectImages" | "isSuspect">,
  imageGiB: number | undefined,
): Misfit | undefined {
  const demand = demandOn(host, need);
  if (!carries(host.labels, need.hostLabels)) return "labels";
  if (demand.cpu > host.cpu || demand.memoryMiB > host.memoryMiB) return "too_small";
  if (need.notOn?.includes(host.hostId)) return "just_failed";
  if (host.isKept && !isLarge(demand, host)) return "kept";
  if (need.os === "macos" && host.freeSlots.length === 0) return "slots";
  if (demand.cpu > host.freeCpu) return "cpu";
  if (demand.memoryMiB > host.freeMemoryMiB) return "memory";
  const pullGiB = host.images.has(need.image) ? 0 : (imageGiB ?? 0);
  return roundDisk(host.diskFreeGiB) < pullGiB + CLONE_GIB ? "disk" : undefined;
}

/** Whether it takes more of a host than what two VMs that share it have each. */
export function isLarge(demand: Demand, host: Pick<HostRoom, "cpu" | "memoryMiB">): boolean {
  return demand.cpu * SLOTS_PER_HOST > host.cpu || demand.memoryMiB * SLOTS_PER_HOST > host.memoryMiB;
}

export function carries(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** Steps by which free disk is told apart: a fifth. */
const DISK_STEPS_PER_DOUBLING = 4;

/** Free disk in GiB, rounded down so that hosts that differ little are alike. */
export function roundDisk(gib: number): number {
  if (gib < 1) return 0;
  return 2 ** (Math.floor(Math.log2(gib) * DISK_STEPS_PER_DOUBLING + 1e-9) / DISK_STEPS_PER_DOUBLING);
}
