import { imageParts } from "@tartfleet/shared";

/** A host that waits for its turn to fetch an image from a registry. */
export interface Candidate {
  hostId: number;
  reference: string;
  /** When it was asked for; milliseconds. */
  plannedAt: number;
  /** How many VMs it could take now. */
  freeSlots: number;
}

/** The registry of an image: where all hosts that fetch from it meet. */
export function registryOf(reference: string): string {
  return imageParts(reference)?.repository.split("/")[0] ?? reference;
}

/**
 * Whose turn it is. What was asked for first comes first; then the hosts with the most room, for they get the next
 * VMs.
 *
 * @param pulling how many hosts fetch from the registry now
 */
export function nextPulls(waiting: Iterable<Candidate>, pulling: number, atOnce: number): Candidate[] {
  const turns = Math.max(0, atOnce - pulling);
  if (turns === 0) return [];
  return [...waiting]
    .sort((a, b) => a.plannedAt - b.plannedAt || b.freeSlots - a.freeSlots || a.hostId - b.hostId)
    .slice(0, turns);
}
