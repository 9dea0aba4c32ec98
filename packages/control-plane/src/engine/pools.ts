import { CallError, canonicalImage, channelIn, type PoolRecord } from "@tartfleet/shared";
import { pausedUntil, type Failing } from "../domain/pools/pause.ts";
import {
  fitOf,
  fitsOf,
  isAsWanted,
  maxOf,
  poolNeedOf,
  specOf,
  warmVm,
  type Pool,
} from "../domain/pools/pool.ts";
import { nextEdge, wantedAt } from "../domain/pools/schedule.ts";
import { tend, type Release, type WarmVm } from "../domain/pools/tend.ts";
import type { FleetView, Placement } from "../domain/scheduling/decide.ts";
import { carries } from "../domain/scheduling/host-room.ts";
import { imageOf as imageOfVm, type Resolution, type Vm } from "../domain/vm.ts";
import type { StoredWarmVm } from "../store/pools.ts";
import type { Act } from "../store/audit.ts";
import { actOf, poolName, vmName } from "./acts.ts";
import type { Parts } from "./parts.ts";
import { iso } from "./records.ts";
import { VM_ID_LENGTH } from "./secrets.ts";
import type { UseCases } from "./use-cases.ts";

type PoolUseCases = Pick<UseCases, "listPools" | "getPool" | "setPool" | "removePool">;

/** What is to be done for the pools. */
export interface PoolPlan {
  starts: (Pick<Placement, "hostId" | "slot"> & { vm: Vm; act: Act })[];
  releases: (Release & { act: Act })[];
  /** When it is to be thought about again if nothing happens before. */
  nextAt: number | undefined;
}

/** What a VM is made like: as its pool would make one now, or otherwise. */
const PRESENT = "present";
const OUTDATED = "outdated";

/** Failures that say nothing of a pool's image. */
const NOT_THE_POOL: ReadonlySet<string> = new Set(["host_silent", "host_removed", "vm_limit_reached"]);

/** Pools of warm VMs: what they are set to, what they want, and what has come of them. */
export function makePools(
  { store, changes, clock, randomId }: Pick<Parts, "store" | "changes" | "clock" | "randomId">,
  {
    imageOf,
    lastKnown,
  }: {
    /** The image that a channel has; undefined when there is no such channel. */
    imageOf(channel: string): string | undefined;
    /** What an image's tag was learned to stand for. */
    lastKnown(image: string): Resolution | null;
  },
) {
  const held = store.pools();
  /** In memory: after a restart each is tried again. */
  const failing = new Map<string, Failing>();

  const unsubscribe = changes.onApplied(({ vm, event }) => {
    const { pool } = vm.spec;
    if (pool === undefined) return;
    if (vm.state === "provisioning") failing.delete(pool);
    if (event?.type !== "attempt_failed" || NOT_THE_POOL.has(vm.end?.error?.code ?? "")) return;
    const times = (failing.get(pool)?.times ?? 0) + 1;
    failing.set(pool, { times, at: clock.now(), why: event.message });
  });

  /** What its image stands for now; undefined while it is a channel that is not there. */
  function imageFor({ image }: Pool): string | undefined {
    const channel = channelIn(image);
    return channel === undefined ? (canonicalImage(image) ?? image) : imageOf(channel);
  }

  function required(name: string): Pool {
    const pool = held.get(name);
    if (pool) return pool;
    throw new CallError(
      "pool_not_found",
      `There is no pool ${name}. Make it: tartfleet pool set ${name} --image <image> --min-idle <number>.`,
    );
  }

  function recordOf(name: string, pool: Pool, warm: readonly StoredWarmVm[]): PoolRecord {
    const now = clock.now();
    const own = warm.filter(({ vm }) => vm.spec.pool === name).map((stored) => warmOf(stored, ""));
    const idle = own.filter(({ isIdle }) => isIdle);
    const leaving = own.filter(({ isLeaving }) => isLeaving).length;
    const { hits, misses, idleMs } = store.poolCounts(name);
    const since = idle.reduce((sum, { idleSince }) => sum + Math.max(0, now - idleSince), 0);
    const failed = failing.get(name);
    const until = failed && pausedUntil(failed);
    return {
      name,
      ...pool,
      cpu: pool.cpu ?? null,
      memoryMiB: pool.memoryMiB ?? null,
      diskGiB: pool.diskGiB ?? null,
      max: maxOf(pool),
      wanted: imageFor(pool) === undefined ? 0 : wantedAt(pool, now),
      idle: idle.length,
      booting: own.length - idle.length - leaving,
      leaving,
      hits,
      misses,
      idleMinutes: Math.round((idleMs + since) / 6000) / 10,
      nextChangeAt: iso(nextEdge(pool.schedule, now)),
      pausedUntil: until !== undefined && until > now ? iso(until) : null,
      lastFailure: failed?.why ?? null,
    };
  }

  const useCases: PoolUseCases = {
    listPools() {
      const warm = store.warmVms();
      return [...held].map(([name, pool]) => recordOf(name, pool, warm));
    },

    getPool: (name) => recordOf(name, required(name), store.warmVms()),

    async setPool(caller, name, pool) {
      const channel = channelIn(pool.image);
      if (channel !== undefined && imageOf(channel) === undefined)
        throw new CallError(
          "channel_not_found",
          `There is no channel ${channel}. Make it: tartfleet channel set ${channel} <image>.`,
        );
      const { image, minIdle } = pool;
      const details = { image, minIdle, max: maxOf(pool), scheduled: pool.schedule !== null };
      await store.setPool(name, pool, actOf(caller, "pool.set", poolName(name), details), clock.now());
      held.set(name, pool);
      failing.delete(name);
      changes.poolsChanged();
      return recordOf(name, pool, store.warmVms());
    },

    async removePool(caller, name) {
      required(name);
      await store.removePool(name, actOf(caller, "pool.remove", poolName(name)), clock.now());
      held.delete(name);
      failing.delete(name);
      changes.poolsChanged();
    },
  };

  /**
   * What the pools want of the fleet, once the queue has had its turn. Takes room for what is to be started.
   *
   * @param waiting placements for which warm VMs must go first
   */
  function plan(view: FleetView, waiting: readonly Placement[]): PoolPlan {
    const now = clock.now();
    const all = store.warmVms();
    if (held.size === 0 && all.length === 0) return { starts: [], releases: [], nextAt: undefined };
    const inTheWay = new Map(
      waiting.flatMap(({ vmId, after = [] }) =>
        after.map((warm): [string, string] => [warm, `VM ${vmId} of the queue needs its room.`]),
      ),
    );
    const known = all.map((stored): WarmVm => {
      const warm = warmOf(stored, makeOf(stored.vm));
      return { ...warm, mustGo: warm.mustGo ?? inTheWay.get(warm.vmId) ?? null };
    });
    const starts: PoolPlan["starts"] = [];
    const releases: Release[] = [];
    const times: number[] = [];
    const byPool = Map.groupBy(known, ({ pool }) => pool);
    for (const [name, own] of byPool) {
      if (held.has(name)) continue;
      releases.push(
        ...own.flatMap(({ vmId, isLeaving }) =>
          isLeaving ? [] : [{ vmId, why: `Pool ${name} was removed.` }],
        ),
      );
    }
    for (const [name, pool] of held) {
      const image = imageFor(pool);
      const failed = failing.get(name);
      const begin = (): boolean => {
        if (image === undefined) return false;
        const resolution = learned(image);
        const need = poolNeedOf(pool, image, resolution);
        const host = view.rooms.findForWarm(need);
        if (!host) return false;
        const { slot } = view.rooms.take(host.hostId, need);
        const id = randomId(VM_ID_LENGTH);
        const vm = warmVm(id, specOf(name, pool, image, id), resolution, now);
        const act = poolAct(name, "vm.create", id, { image });
        starts.push({ hostId: host.hostId, slot, vm, act });
        return true;
      };
      const wanted = image === undefined ? 0 : wantedAt(pool, now);
      const wish = { name, make: PRESENT, wanted, max: maxOf(pool), failing: failed };
      releases.push(...tend(wish, byPool.get(name) ?? [], now, begin));
      const edge = nextEdge(pool.schedule, now);
      if (edge !== null) times.push(edge);
      if (failed && pausedUntil(failed) > now) times.push(pausedUntil(failed));
    }
    const poolOf = new Map(all.map(({ vm }) => [vm.id, vm.spec.pool ?? ""]));
    return {
      starts,
      releases: releases.map(({ vmId, why }) => ({
        vmId,
        why,
        act: poolAct(poolOf.get(vmId) ?? "", "vm.end", vmId, { why }),
      })),
      nextAt: times.length > 0 ? Math.min(...times) : undefined,
    };
  }

  /** A digest that a tag is known to stand for; what could not be learned may be another time. */
  function learned(image: string): Resolution | null {
    const last = lastKnown(image);
    return last?.kind === "digest" ? last : null;
  }

  function makeOf(vm: Vm): string {
    const name = vm.spec.pool ?? "";
    const pool = held.get(name);
    const image = pool && imageFor(pool);
    if (!pool || image === undefined) return OUTDATED;
    return isAsWanted(vm, specOf(name, pool, image, vm.id), learned(image)) ? PRESENT : OUTDATED;
  }

  /** The pool that is there for VMs like that one, and keeps some just now. */
  function poolFor(vm: Vm): string | undefined {
    for (const [name, pool] of held) {
      const image = imageFor(pool);
      if (image === undefined || wantedAt(pool, clock.now()) === 0) continue;
      const own = specOf(name, pool, image, "");
      const last = learned(image);
      const fits = fitsOf({ spec: own, imageDigest: last?.kind === "digest" ? last.digest : null });
      const asked = [fitOf(vm.spec, vm.spec.image), fitOf(vm.spec, imageOfVm(vm))];
      if (asked.some((fit) => fits.includes(fit)) && carries(own.hostLabels, vm.spec.hostLabels)) return name;
    }
    return undefined;
  }

  return {
    useCases,
    plan,
    poolFor,
    /** The images of pools, with why they are wanted. */
    images: (): [reference: string, why: string][] =>
      [...held].flatMap(([name, pool]) => {
        const image = imageFor(pool);
        return image === undefined ? [] : [[image, `pool ${name} keeps it warm`]];
      }),
    stop: unsubscribe,
  };
}

export type Pools = ReturnType<typeof makePools>;

/** What a pool does by itself. */
function poolAct(pool: string, action: "vm.create" | "vm.end", vmId: string, details: Act["details"]): Act {
  const subject = vmName(vmId);
  return { actor: poolName(pool), action, subject, outcome: "done", address: null, requestId: null, details };
}

function warmOf(
  { vm, hostName, cordon, isOfBeforeRestore }: StoredWarmVm,
  make: string,
): WarmVm & { idleSince: number } {
  const isLeaving = vm.state === "stopping";
  const why = cordon && `Host ${hostName} was cordoned by ${cordon.by}: ${cordon.reason}`.slice(0, 500);
  return {
    vmId: vm.id,
    pool: vm.spec.pool ?? "",
    make,
    isIdle: vm.state === "provisioning",
    isLeaving,
    since: vm.createdAt,
    idleSince: vm.stateSince,
    mustGo: isOfBeforeRestore ? "The database was restored: who has it now is not known." : why,
  };
}
