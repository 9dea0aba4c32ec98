import type { HostRoom } from "../../../src/domain/scheduling/host-room.ts";
import type { Need, Request } from "../../../src/domain/scheduling/request.ts";

export const NEED: Need = {
  os: "macos",
  image: "i",
  cpu: null,
  memoryMiB: null,
  hostLabels: {},
  preferredHostLabels: {},
};
export const POLICY = { teams: new Map(), classes: [{ name: "default", reserved: 0 }], ageingMs: 0 };

/** A Mac of which so many slots are free. */
export function room(hostId: number, freeSlots: readonly number[]): HostRoom {
  const free = freeSlots.length / 2;
  return {
    hostId,
    labels: {},
    images: new Map([["i", 10]]),
    arriving: new Set(),
    suspectImages: new Set(),
    isSuspect: false,
    isKept: false,
    freeSlots,
    cpu: 8,
    memoryMiB: 16_384,
    freeCpu: 8 * free,
    freeMemoryMiB: 16_384 * free,
    diskFreeGiB: 100,
  };
}

/** One that waits, of a place in the order of acceptance. */
export const request = (seq: number, team = "a"): Request => ({
  vmId: `w${seq}`,
  seq,
  team,
  priority: "default",
  need: NEED,
  since: seq,
  triedHosts: [],
  failedAt: null,
});
