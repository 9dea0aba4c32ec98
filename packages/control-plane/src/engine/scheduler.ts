import { slotUses } from "../domain/capacity.ts";
import type { Context } from "../domain/lifecycle.ts";
import { place, type HostView } from "../domain/placement.ts";
import type { StoredHost } from "../store/hosts.ts";
import type { Store } from "../store/store.ts";
import type { Changes } from "./changes.ts";
import type { Leases } from "./leases.ts";
import type { Patience } from "./patience.ts";

/** How many of the queue's head one pass looks at. */
const PASS = 1000;

/**
 * Places queued VMs whenever something may have made room: a VM accepted, a slot freed, a host connected or
 * changed. Events only; there is no tick. Wakes that arrive during a pass are one more pass.
 */
export function startScheduler(options: {
  store: Store;
  leases: Leases;
  changes: Changes;
  patience: Patience;
  context(): Context;
}): { stop(): void } {
  const { store, leases, changes, patience, context } = options;
  let wanted = false;
  let running = false;

  async function passes(): Promise<void> {
    while (wanted) {
      wanted = false;
      try {
        await pass();
      } catch (error) {
        // It is the same pass that is tried again: wakes until then start no other.
        wanted = true;
        throw error;
      }
    }
    // In the same turn as the last look at `wanted`: a wake that came between the two would be lost.
    running = false;
  }

  async function pass(): Promise<void> {
    const queue = store.waiting(PASS);
    if (queue.length === 0) return;
    const hosts = store.hosts().filter((host) => leases.isConnected(host.id));
    const placements = place(queue, hosts.map(viewOf));
    if (placements.length === 0) return;
    for (const applied of await store.placeVms(placements, context())) changes.publish(applied);
    // Beyond the head that was looked at there may be more that fits.
    if (queue.length === PASS) wanted = true;
  }

  function wake(): void {
    wanted = true;
    if (running) return;
    running = true;
    patience.keepTrying(passes);
  }

  const unsubscribe = changes.onRoom(wake);
  wake();
  return { stop: unsubscribe };
}

function viewOf(host: StoredHost): HostView {
  const uses = slotUses(occupancyOf(host));
  const taken = (what: "cpu" | "memoryMiB") =>
    host.occupants.reduce((sum, occupant) => sum + occupant[what], 0);
  return {
    hostId: host.id,
    labels: host.facts?.labels ?? {},
    images: new Set(host.facts?.images.map(({ reference }) => reference)),
    freeSlots: [...uses.keys()].filter((slot) => uses[slot] === "free"),
    freeCpu: (host.facts?.cpu ?? 0) - taken("cpu"),
    freeMemoryMiB: (host.facts?.memoryMiB ?? 0) - taken("memoryMiB"),
  };
}

/** Slots that a host's attempts hold, and what else runs there. */
export function occupancyOf(host: StoredHost): { heldSlots: number[]; phantoms: number } {
  return {
    heldSlots: host.occupants.flatMap(({ slot }) => (slot === null ? [] : [slot])),
    phantoms: host.phantoms,
  };
}
