import type { GuestOs, Labels } from "@tartfleet/shared";
import type { VmSpec } from "../vm.ts";

/** What a VM needs of a host. */
export interface Need {
  os: GuestOs;
  /** As the host is to fetch it: by reference or by digest. */
  image: string;
  /** null: as much as the image says, which is counted as `demandOn` says. */
  cpu: number | null;
  memoryMiB: number | null;
  /** The host must carry all of these. */
  hostLabels: Labels;
  /** A host that carries more of these is taken first. */
  preferredHostLabels: Labels;
}

/** A queued VM as the scheduler sees it. */
export interface Request {
  vmId: string;
  /** Its place in the order of acceptance. */
  seq: number;
  team: string;
  /** The name of its priority class. */
  priority: string;
  need: Need;
  /** When it was accepted; milliseconds. */
  since: number;
  /** Hosts on which earlier attempts of this VM failed: taken only where no other fits. */
  triedHosts: readonly number[];
}

export function needOf({ os, image, cpu, memoryMiB, hostLabels, preferredHostLabels }: VmSpec): Need {
  return {
    os,
    image,
    cpu: cpu ?? null,
    memoryMiB: memoryMiB ?? null,
    hostLabels,
    preferredHostLabels: preferredHostLabels ?? {},
  };
}

/** The same text for needs that the same hosts meet, and meet equally well. */
export function needKey({ os, image, cpu, memoryMiB, hostLabels, preferredHostLabels }: Need): string {
  return JSON.stringify([os, image, cpu, memoryMiB, sorted(hostLabels), sorted(preferredHostLabels)]);
}

/** Labels in an order of their own, whatever order they came in. */
export function sorted(labels: Labels): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}
