import type { Context } from "../domain/lifecycle.ts";
import { decide } from "../domain/scheduling/decide.ts";
import type { Store } from "../store/store.ts";
import type { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";
import type { KeptView } from "./fleet-view.ts";
import type { Patience } from "./patience.ts";

/** How many are placed before other work has its turn. */
const AT_ONCE = 200;

/**
 * Places queued VMs whenever something may have made room (a slot freed, a host connected or changed, a team's
 * share raised), a VM was accepted, or its time has come to go back to where it failed, or to have a
 * host kept for it. Events only; there is no tick.
 */
export function startScheduler(options: {
  store: Pick<Store, "placeVms">;
  fleet: KeptView;
  changes: Changes;
  patience: Patience;
  clock: Clock;
  context(): Context;
}): { stop(): void } {
  const { store, fleet, changes, patience, clock, context } = options;
  let wanted = false;
  let running = false;
  let cancelTimer: (() => void) | undefined;

  async function passes(): Promise<void> {
    while (wanted) {
      wanted = false;
      try {
        if (await placeSome()) wanted = true;
      } catch (error) {
        // What could not be carried out is decided again: wakes until then start no other.
        wanted = true;
        throw error;
      }
    }
    cancelTimer?.();
    const at = fleet.nextAt();
    cancelTimer = at === undefined ? undefined : clock.after(at - clock.now(), wake);
    // In the same turn as the last look at `wanted`: a wake that came between the two would be lost.
    running = false;
  }

  /** @returns whether there may be more to place */
  async function placeSome(): Promise<boolean> {
    fleet.refresh();
    const placements = decide(fleet.view, AT_ONCE);
    if (placements.length === 0) return false;
    try {
      for (const applied of await store.placeVms(placements, context())) changes.publish(applied);
    } finally {
      for (const { vmId, hostId } of placements) {
        fleet.hostChanged(hostId);
        fleet.vmChanged({ id: vmId, state: "queued" });
      }
    }
    return true;
  }

  function wake(): void {
    wanted = true;
    if (running) return;
    running = true;
    patience.keepTrying(passes);
  }

  const unsubscribes = [
    changes.onApplied(({ vm, hosts, roomChanged }) => {
      fleet.vmChanged(vm);
      for (const hostId of hosts) fleet.hostChanged(hostId);
      if (roomChanged || vm.state === "queued") wake();
    }),
    changes.onHostRoom((hostId) => {
      fleet.hostChanged(hostId);
      wake();
    }),
    changes.onShares(wake),
  ];
  wake();
  return {
    stop() {
      for (const unsubscribe of unsubscribes) unsubscribe();
      cancelTimer?.();
      wanted = false;
    },
  };
}
