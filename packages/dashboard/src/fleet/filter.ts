import type { BoardHost, BoardSlot, VmState } from "@tartfleet/shared";

/** What the fleet's screen is narrowed to; it stands in the page's address. */
export interface FleetFilter {
  /** Part of a host's or a VM's name, or the whole of a VM's id. */
  name?: string;
  /** `key=value` of a host, or a key alone. */
  label?: string;
  /** Part of the reference of a VM's image. */
  image?: string;
  team?: string;
  state?: SlotLook;
}

/** How a slot is shown: as the control plane counts it, and what is on its way to work apart from what works. */
export type SlotLook = BoardSlot["state"] | "starting";

export const LOOKS: readonly SlotLook[] = [
  "free",
  "starting",
  "busy",
  "warm",
  "draining",
  "held",
  "phantom",
  "unreachable",
  "cordoned",
];

const ON_ITS_WAY: ReadonlySet<VmState> = new Set([
  "assigned",
  "pulling",
  "cloning",
  "booting",
  "provisioning",
]);

export function lookOf({ state, vm }: BoardSlot): SlotLook {
  return state === "busy" && vm !== null && ON_ITS_WAY.has(vm.state) ? "starting" : state;
}

/** Hosts that a filter lets through, in order: all of what is asked of slots must be true of one and the same. */
export function hostsThrough(hosts: readonly BoardHost[], filter: FleetFilter): readonly BoardHost[] {
  return isOpen(filter) ? hosts : hosts.filter((host) => lets(filter, host));
}

export function isOpen({ name, label, image, team, state }: FleetFilter): boolean {
  return ![name, label, image, team, state].some(Boolean);
}

/** Whether a slot is one of those that are asked for; true of all where nothing is asked of slots. */
export function letsSlot({ image, team, state }: FleetFilter, slot: BoardSlot): boolean {
  if (image && !slot.vm?.image.includes(image)) return false;
  if (team && slot.vm?.team !== team) return false;
  return !state || lookOf(slot) === state;
}

function lets(filter: FleetFilter, host: BoardHost): boolean {
  const { name, label } = filter;
  if (label && !carries(host.labels, label)) return false;
  return host.slots.some(
    (slot) =>
      letsSlot(filter, slot) &&
      (!name || host.name.includes(name) || slot.vm?.name.includes(name) || slot.vm?.id === name),
  );
}

function carries(labels: Readonly<Record<string, string>>, label: string): boolean {
  const at = label.indexOf("=");
  if (at < 0) return Object.keys(labels).some((key) => key.includes(label));
  return labels[label.slice(0, at)] === label.slice(at + 1);
}
