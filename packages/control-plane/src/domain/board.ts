import type { Board, BoardHost, BoardSlot, SlotSums, VmState } from "@tartfleet/shared";
import { slotUses } from "./capacity.ts";

/** An attempt that holds a slot. */
export interface BoardOccupant {
  slot: number;
  vm: NonNullable<BoardSlot["vm"]>;
  /** A pool keeps it for whoever comes. */
  isWarm: boolean;
  /** It has come to its end, and is there for its hold alone. */
  isHeld: boolean;
  /** Its instance is to be gone. */
  isLeaving: boolean;
}

/** A host's slots as they stand on the board. */
export function boardSlots(host: {
  isConnected: boolean;
  isCordoned: boolean;
  occupants: readonly BoardOccupant[];
  phantoms: number;
}): BoardSlot[] {
  const { occupants, phantoms } = host;
  return slotUses({ heldSlots: occupants.map(({ slot }) => slot), phantoms }).map((use, slot) => {
    const occupant = occupants.find((candidate) => candidate.slot === slot);
    return { slot, state: stateOf(host, use, occupant), vm: occupant?.vm ?? null };
  });
}

const ENDING: ReadonlySet<VmState> = new Set(["draining", "stopping", "deleted", "failed"]);

function stateOf(
  { isConnected, isCordoned }: { isConnected: boolean; isCordoned: boolean },
  use: "free" | "busy" | "phantom",
  occupant: BoardOccupant | undefined,
): BoardSlot["state"] {
  if (!isConnected) return "unreachable";
  if (use === "free") return isCordoned ? "cordoned" : "free";
  if (!occupant) return use;
  if (occupant.isHeld && !occupant.isLeaving) return "held";
  if (occupant.isLeaving || ENDING.has(occupant.vm.state)) return "draining";
  return occupant.isWarm ? "warm" : "busy";
}

/** Adds a host's slots to the sums, or takes them off. */
export function addSlots(sums: SlotSums, { slots }: Pick<BoardHost, "slots">, times: 1 | -1): void {
  for (const { state } of slots) {
    sums[state] += times;
    sums.total += times;
  }
}

export function noSlots(): SlotSums {
  return {
    total: 0,
    busy: 0,
    warm: 0,
    draining: 0,
    held: 0,
    free: 0,
    phantom: 0,
    unreachable: 0,
    cordoned: 0,
  };
}

/** What a team may see of a host: of other teams' VMs no more than that they are there. */
export function forTeam(host: BoardHost, team: string | null): BoardHost {
  if (team === null) return host;
  const slots = host.slots.map((slot) => (slot.vm?.team === team ? slot : { ...slot, vm: null }));
  return { ...host, slots };
}

/** Two messages about what has changed, as one. */
export function joinBoards(older: Board, newer: Board): Board {
  const hosts = new Map([...older.hosts, ...newer.hosts].map((host) => [host.name, host]));
  const removed = new Set([...older.removed, ...newer.removed]);
  for (const name of newer.removed) hosts.delete(name);
  for (const { name } of newer.hosts) removed.delete(name);
  return { ...newer, hosts: [...hosts.values()], removed: [...removed] };
}
