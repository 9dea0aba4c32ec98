import { demandOn, giveRoom, type HostRoom } from "./host-room.ts";
import type { Need } from "./request.ts";

/** A VM that a pool keeps on a host, or that is being stopped there. What it has counts as free. */
export interface WarmHolder {
  vmId: string;
  /** What one may ask for to take its instance over (`fitOf`). */
  fits: readonly string[];
  /** null for a Linux VM. */
  slot: number | null;
  /** What it has of the host. */
  cpu: number;
  memoryMiB: number;
  /** When it was placed; milliseconds. */
  since: number;
  /** booting: its guest does not answer yet · idle: it can be taken over · leaving: it is being stopped */
  state: "booting" | "idle" | "leaving";
}

/** Those that must be gone before a VM can start on the host, which it fits once they are; none: at once. */
export function inTheWay(
  room: HostRoom,
  need: Pick<Need, "os" | "cpu" | "memoryMiB">,
): readonly WarmHolder[] {
  if (!room.warm || room.warm.length === 0) return [];
  const demand = demandOn(room, need);
  const left = room.warm.toSorted(soonestGone);
  const gone: WarmHolder[] = [];
  const has = (what: "cpu" | "memoryMiB") => left.reduce((sum, vm) => sum + vm[what], 0);
  for (;;) {
    const lacksSlot = need.os === "macos" && vacantSlots(room, left).length === 0;
    const lacksRoom =
      demand.cpu > room.freeCpu - has("cpu") || demand.memoryMiB > room.freeMemoryMiB - has("memoryMiB");
    if (!lacksSlot && !lacksRoom) return gone;
    const next = left.findIndex(({ slot }) => !lacksSlot || slot !== null);
    const [vm] = next === -1 ? [] : left.splice(next, 1);
    if (!vm) return gone;
    gone.push(vm);
  }
}

/** Slots that not even a warm VM holds. */
function vacantSlots(room: HostRoom, warm: readonly WarmHolder[]): readonly number[] {
  return room.freeSlots.filter((free) => !warm.some(({ slot }) => slot === free));
}

/** The host's room once a VM has a part of it, and what must be gone before it can start. */
export function place(
  room: HostRoom,
  need: Pick<Need, "os" | "cpu" | "memoryMiB">,
): { room: HostRoom; slot: number | null; after: readonly WarmHolder[] } {
  const after = inTheWay(room, need);
  const warm = room.warm?.filter((vm) => !after.includes(vm));
  const cleared = after.find(({ slot }) => slot !== null)?.slot;
  const [first] = warm ? vacantSlots(room, warm) : room.freeSlots;
  const given = giveRoom(room, need, cleared ?? first ?? null);
  return { after, slot: given.slot, room: warm ? { ...given.room, warm } : given.room };
}

/**
 * Whether a VM that has its part of a host can start there at once.
 *
 * @param left the host's room without that part
 * @param clearing warm VMs that others wait for: what they have of the host is not there yet
 */
export function canStart(left: HostRoom, slot: number | null, clearing: readonly WarmHolder[]): boolean {
  const held = [...(left.warm ?? []), ...clearing];
  const sum = (what: "cpu" | "memoryMiB") => held.reduce((all, vm) => all + vm[what], 0);
  return (
    !clearing.some((vm) => vm.slot !== null && vm.slot === slot) &&
    left.freeCpu >= sum("cpu") &&
    left.freeMemoryMiB >= sum("memoryMiB")
  );
}

/** The host's room once a VM has taken a warm one's instance over. */
export function takeOver(
  room: HostRoom,
  need: Pick<Need, "os" | "cpu" | "memoryMiB">,
  taken: WarmHolder,
): HostRoom {
  const given = giveRoom(room, need, taken.slot);
  return { ...given.room, warm: room.warm?.filter((vm) => vm !== taken) ?? [] };
}

const ORDER = { leaving: 0, booting: 1, idle: 2 };

/** Those that leave anyhow, then those that boot, then the newest. */
function soonestGone(a: WarmHolder, b: WarmHolder): number {
  return ORDER[a.state] - ORDER[b.state] || b.since - a.since;
}
