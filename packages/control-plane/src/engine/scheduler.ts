import type { Context } from "../domain/lifecycle.ts";
import { decide, type Placement } from "../domain/scheduling/decide.ts";
import type { Store } from "../store/store.ts";
import type { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";
import type { KeptView } from "./fleet-view.ts";
import type { Patience } from "./patience.ts";
import type { PoolPlan, Pools } from "./pools.ts";

/** How many are placed before other work has its turn: a step of some ten milliseconds. */
const AT_ONCE = 50;
const NOTHING: PoolPlan = { starts: [], releases: [], nextAt: undefined };

/**
 * Places queued VMs whenever something may have made room (a slot freed, a host connected or changed, a team's
 * share raised), a VM was accepted, or its time has come to go back to where it failed, or to have a
 * host kept for it. Events only; there is no tick. What is free then is the pools'.
 */
export function startScheduler(options: {
  store: Pick<Store, "placeVms" | "startWarmVms" | "applyEvent">;
  fleet: KeptView;
  pools: Pick<Pools, "plan">;
  changes: Changes;
  patience: Patience;
  clock: Clock;
  context(): Context;
}): { stop(): void } {
  const { store, fleet, pools, changes, patience, clock, context } = options;
  let wanted = false;
  let running = false;
  let cancelWake: (() => void) | undefined;
  /** When the pools are to be thought about again. */
  let poolsAt: number | undefined;

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
    cancelWake?.();
    const next = Math.min(fleet.nextAt() ?? Infinity, poolsAt ?? Infinity);
    cancelWake = next === Infinity ? undefined : clock.after(next - clock.now(), wake);
    // In the same turn as the last look at `wanted`: a wake that came between the two would be lost.
    running = false;
  }

  /** @returns whether there may be more to place */
  async function placeSome(): Promise<boolean> {
    fleet.refresh();
    const decided = decide(fleet.view, AT_ONCE);
    const placements = decided.filter(({ after }) => after === undefined);
    const waiting = decided.filter(({ after }) => after !== undefined);
    // While more is to be placed nobody knows what is left for pools.
    const { starts, releases, nextAt } =
      placements.length < AT_ONCE ? pools.plan(fleet.view, waiting) : NOTHING;
    poolsAt = nextAt;
    if (decided.length + starts.length + releases.length === 0) return false;
    try {
      await carryOut(placements, starts, releases);
    } finally {
      for (const { vmId } of decided) fleet.vmChanged({ id: vmId, state: "queued" });
      for (const { hostId } of [...decided, ...starts]) fleet.hostChanged(hostId);
    }
    // What waits for others to go is as it was, also for those who only look.
    if (waiting.length > 0) fleet.refresh();
    return placements.length + starts.length > 0;
  }

  async function carryOut(
    placements: readonly Placement[],
    starts: PoolPlan["starts"],
    releases: PoolPlan["releases"],
  ): Promise<void> {
    if (placements.length > 0)
      for (const applied of await store.placeVms(placements, context())) changes.publish(applied);
    if (starts.length > 0)
      for (const applied of await store.startWarmVms(starts, context())) changes.publish(applied);
    for (const { vmId, why, act } of releases)
      changes.publish(await store.applyEvent(vmId, { kind: "released", why }, context(), act));
  }

  function wake(): void {
    wanted = true;
    if (running) return;
    running = true;
    patience.keepTrying(passes);
  }

  const unsubscribes = [
    changes.onApplied(({ vm, hosts, roomChanged }) => {
      // A host may have been kept for one that ends in the queue.
      const leavesQueue = fleet.view.queue.has(vm.id);
      fleet.vmChanged(vm);
      for (const hostId of hosts) fleet.hostChanged(hostId);
      // How far a warm VM has come is part of what its host can take.
      if (vm.spec.pool !== undefined && vm.hostId !== null) fleet.hostChanged(vm.hostId);
      if (roomChanged || leavesQueue || vm.state === "queued" || vm.spec.pool !== undefined) wake();
    }),
    changes.onHostRoom((hostId) => {
      fleet.hostChanged(hostId);
      wake();
    }),
    changes.onShares(wake),
    changes.onPools(wake),
  ];
  wake();
  return {
    stop() {
      for (const unsubscribe of unsubscribes) unsubscribe();
      cancelWake?.();
      wanted = false;
    },
  };
}
