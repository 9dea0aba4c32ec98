import { demandOn, isLarge } from "@tartfleet/control-plane/src/domain/scheduling/host-room.ts";
import { SLOTS_PER_HOST } from "@tartfleet/shared";
import type { HostRow, View, VmRow } from "./view.ts";

/** What attempts that are not gone, and what nobody asked for, leave of a host. */
export interface Left {
  slots: number;
  cpu: number;
  memoryMiB: number;
}

/** Undefined before its agent has told of it. */
export function leftOn(host: HostRow, { attempts, vms }: Pick<View, "attempts" | "vms">): Left | undefined {
  const whole = wholeOf(host);
  if (!whole) return undefined;
  const left = { ...whole, slots: SLOTS_PER_HOST - host.phantoms };
  for (const { hostId, goneAt, slot, vmId } of attempts) {
    const vm = vms.get(vmId);
    if (hostId !== host.id || goneAt !== null || !vm) continue;
    const { cpu, memoryMiB } = demandOn(whole, vm);
    left.cpu -= cpu;
    left.memoryMiB -= memoryMiB;
    if (slot !== null) left.slots -= 1;
  }
  return left;
}

export function fits(vm: VmRow, host: HostRow, view: Pick<View, "attempts" | "vms">): boolean {
  const whole = wholeOf(host);
  const left = leftOn(host, view);
  if (!whole || !left) return false;
  const { cpu, memoryMiB } = demandOn(whole, vm);
  return cpu <= left.cpu && memoryMiB <= left.memoryMiB && (vm.os === "linux" || left.slots > 0);
}

/** Whether it takes more of the host than what two that share it have each. */
export function isLargeOn(vm: VmRow, host: HostRow): boolean {
  const whole = wholeOf(host);
  return whole !== undefined && isLarge(demandOn(whole, vm), whole);
}

/** Whether the host has what it asks for while nothing else is there. */
export function couldTake(vm: VmRow, host: HostRow): boolean {
  const whole = wholeOf(host);
  if (!whole) return false;
  const { cpu, memoryMiB } = demandOn(whole, vm);
  return cpu <= whole.cpu && memoryMiB <= whole.memoryMiB;
}

/** VMs that wait and are too large to share the hosts that could take them, the oldest first. */
export function largeOnesWaiting({ vms, hosts }: View): VmRow[] {
  return [...vms.values()]
    .filter(
      ({ state, os, cpu, memoryMiB, resolution }) =>
        state === "queued" && resolution !== "waiting" && os === "macos" && (cpu ?? memoryMiB) !== null,
    )
    .filter((vm) => hosts.some((host) => isLargeOn(vm, host)))
    .toSorted((a, b) => a.createdAt - b.createdAt);
}

function wholeOf({ cpu, memoryMiB }: HostRow): { cpu: number; memoryMiB: number } | undefined {
  return cpu === null || memoryMiB === null ? undefined : { cpu, memoryMiB };
}
