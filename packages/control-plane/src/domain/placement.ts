import type { GuestOs, Labels } from "@tartfleet/shared";

/** A queued VM as placement sees it. */
export interface Waiting {
  vmId: string;
  /** Its place in the order of acceptance. */
  seq: number;
  os: GuestOs;
  image: string;
  cpu: number | null;
  memoryMiB: number | null;
  hostLabels: Labels;
  /** Hosts on which earlier attempts of this VM failed: taken only where no other fits. */
  triedHosts: readonly number[];
}

/** A connected host as placement sees it. */
export interface HostView {
  hostId: number;
  labels: Labels;
  images: ReadonlySet<string>;
  /** Indexes of slots that hold nothing, lowest first; phantom ones are not among them. */
  freeSlots: readonly number[];
  /** What no live attempt has asked for explicitly. */
  freeCpu: number;
  freeMemoryMiB: number;
}

export interface Placement {
  vmId: string;
  hostId: number;
  /** null for a Linux VM, which needs no slot. */
  slot: number | null;
}

/**
 * First come, first served: each waiting VM, oldest first, takes the best host that fits; one that fits
 * nowhere holds up nobody behind it. Better is: not tried before, image already there, more free slots.
 *
 * @param misfits what was found to fit nowhere, and will not until something makes room; is added to. A queue
 *   of many thousands that ask for the same costs one look at the hosts
 */
export function place(
  queue: readonly Waiting[],
  hosts: readonly HostView[],
  misfits: Set<string> = new Set(),
): Placement[] {
  const room = hosts.map((host) => ({ ...host, freeSlots: [...host.freeSlots] }));
  const placements: Placement[] = [];
  for (const vm of queue) {
    const needs = needsOf(vm);
    if (misfits.has(needs)) continue;
    const host = best(
      room.filter((candidate) => fits(vm, candidate)),
      vm,
    );
    if (!host) {
      misfits.add(needs);
      continue;
    }
    const slot = vm.os === "macos" ? (host.freeSlots.shift() ?? null) : null;
    host.freeCpu -= vm.cpu ?? 0;
    host.freeMemoryMiB -= vm.memoryMiB ?? 0;
    placements.push({ vmId: vm.vmId, hostId: host.hostId, slot });
  }
  return placements;
}

/** Whether the VM could run on the host now. */
export function fits(vm: Waiting, host: HostView): boolean {
  return (
    (vm.os === "linux" || host.freeSlots.length > 0) &&
    (vm.cpu ?? 0) <= host.freeCpu &&
    (vm.memoryMiB ?? 0) <= host.freeMemoryMiB &&
    Object.entries(vm.hostLabels).every(([key, value]) => host.labels[key] === value)
  );
}

/** All that `fits` looks at: VMs with the same text fit the same hosts. */
function needsOf({ os, cpu, memoryMiB, hostLabels }: Waiting): string {
  const labels = Object.keys(hostLabels)
    .sort()
    .map((key) => [key, hostLabels[key]]);
  return JSON.stringify([os, cpu, memoryMiB, labels]);
}

function best<H extends HostView>(candidates: readonly H[], vm: Waiting): H | undefined {
  const rank = (host: H) => [
    vm.triedHosts.includes(host.hostId) ? 0 : 1,
    host.images.has(vm.image) ? 1 : 0,
    host.freeSlots.length,
  ];
  return candidates.reduce<H | undefined>(
    (chosen, host) => (chosen && compare(rank(chosen), rank(host)) >= 0 ? chosen : host),
    undefined,
  );
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
