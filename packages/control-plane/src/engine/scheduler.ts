import type { Labels } from "@tartfleet/shared";
import { slotUses } from "../domain/capacity.ts";
import type { Context } from "../domain/lifecycle.ts";
import { place, type HostView } from "../domain/placement.ts";
import type { StoredHost } from "../store/hosts.ts";
import type { Store } from "../store/store.ts";
import type { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";
import type { Leases } from "./leases.ts";
import type { Patience } from "./patience.ts";

/** How many of the queue are looked at before other work has its turn. */
const PAGE = 1000;

/**
 * Places queued VMs whenever something may have made room (a slot freed, a host connected or changed) or a VM
 * was accepted. Events only; there is no tick. When room was made the whole queue is looked at, page by page,
 * so that VMs that fit nowhere hold up nobody behind them; otherwise only what was accepted since.
 */
export function startScheduler(options: {
  store: Store;
  leases: Leases;
  changes: Changes;
  clock: Clock;
  patience: Patience;
  context(): Context;
}): { stop(): void } {
  const { store, leases, changes, clock, patience, context } = options;
  const misfits = new Set<string>();
  /** Up to which VM the queue was looked at since room was made: those that still wait did not fit. */
  let seen = 0;
  let roomMade = true;
  let wanted = false;
  let running = false;

  async function passes(): Promise<void> {
    while (wanted) {
      wanted = false;
      if (roomMade) {
        roomMade = false;
        seen = 0;
        misfits.clear();
      }
      try {
        if (await placePage()) wanted = true;
      } catch (error) {
        // It is the same page that is tried again: wakes until then start no other.
        wanted = true;
        throw error;
      }
    }
    // In the same turn as the last look at `wanted`: a wake that came between the two would be lost.
    running = false;
  }

  /** @returns whether there may be more of the queue behind the page */
  async function placePage(): Promise<boolean> {
    const hosts = store
      .hosts()
      .filter((host) => leases.isConnected(host.id))
      .map(viewOf);
    const linuxOnly = hosts.every(({ freeSlots }) => freeSlots.length === 0);
    const queue = store.waiting({ after: seen, limit: PAGE, linuxOnly });
    const last = queue.at(-1);
    if (!last) return false;
    const placements = place(queue, hosts, misfits);
    if (placements.length > 0) {
      for (const applied of await store.placeVms(placements, context())) changes.publish(applied);
    }
    seen = last.seq;
    if (queue.length < PAGE) return false;
    await new Promise<void>((done) => clock.after(0, done));
    return true;
  }

  function wake(): void {
    wanted = true;
    if (running) return;
    running = true;
    patience.keepTrying(passes);
  }

  const unsubscribes = [
    changes.onQueue(wake),
    changes.onRoom(() => {
      roomMade = true;
      wake();
    }),
  ];
  wake();
  return {
    stop() {
      for (const unsubscribe of unsubscribes) unsubscribe();
      wanted = false;
    },
  };
}

function viewOf(host: StoredHost): HostView {
  const uses = slotUses(occupancyOf(host));
  const taken = (what: "cpu" | "memoryMiB") =>
    host.occupants.reduce((sum, occupant) => sum + occupant[what], 0);
  return {
    hostId: host.id,
    labels: labelsOf(host),
    images: new Set(host.facts?.images.map(({ reference }) => reference)),
    freeSlots: [...uses.keys()].filter((slot) => uses[slot] === "free"),
    freeCpu: (host.facts?.cpu ?? 0) - taken("cpu"),
    freeMemoryMiB: (host.facts?.memoryMiB ?? 0) - taken("memoryMiB"),
  };
}

/** What its agent says, under what its enrolment bound it to: an agent cannot take a label off. */
export function labelsOf({ facts, boundLabels }: Pick<StoredHost, "facts" | "boundLabels">): Labels {
  return { ...facts?.labels, ...boundLabels };
}

/** Slots that a host's attempts hold, and what else runs there. */
export function occupancyOf(host: StoredHost): { heldSlots: number[]; phantoms: number } {
  return {
    heldSlots: host.occupants.flatMap(({ slot }) => (slot === null ? [] : [slot])),
    phantoms: host.phantoms,
  };
}
