import { SLOTS_PER_HOST } from "@tartfleet/shared";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { hiddenSlots, NO_HIDDEN_SLOTS, slotRefused, slotsProved } from "../reconcile/hidden-slots.ts";
import type { Instance } from "../reconcile/instance.ts";
import { takenSlots, type Seen } from "../reconcile/reconcile.ts";

const NOTHING_BUSY = new Map<string, never>();

/** What takes the host's slots although the control plane did not ask for it. */
export function createSlots(clock: Clock, log: Log) {
  let hidden = NO_HIDDEN_SLOTS;
  let taken: ReadonlySet<string> = new Set();
  return {
    looked(seen: Seen, instances: ReadonlyMap<string, Instance>): void {
      taken = takenSlots({ seen, instances, busy: NOTHING_BUSY });
      const proved = [...taken].filter((name) => instances.get(name)?.memory.guestReached);
      hidden = slotsProved(hidden, proved.length);
    },
    /** macOS itself refused to start another VM. */
    refused(): void {
      hidden = slotRefused(hidden, taken.size, clock.now());
      log.warn({ hidden: hidden.count, seenRunning: taken.size }, "macOS refused another VM");
    },
    /** Slots taken by foreign VMs, by instances that are not asked for, and by what cannot be seen. */
    phantoms(isAsked: (name: string) => boolean): number {
      const unasked = [...taken].filter((name) => !isAsked(name)).length;
      return Math.min(SLOTS_PER_HOST, unasked + hiddenSlots(hidden, clock.now()));
    },
  };
}

export type Slots = ReturnType<typeof createSlots>;
