import { and, asc, eq, getTableColumns, isNull, sql } from "drizzle-orm";
import type { Cordon } from "../domain/cordon.ts";
import type { Pool } from "../domain/pools/pool.ts";
import type { Placement } from "../domain/scheduling/decide.ts";
import type { Vm } from "../domain/vm.ts";
import { isOfBeforeRestore, type Applied, type StepContext } from "./apply.ts";
import type { Act, WriteAct } from "./audit.ts";
import type { Db } from "./database.ts";
import type { Commit } from "./group-commit.ts";
import { startWarm } from "./place.ts";
import { preparedRead } from "./prepared.ts";
import { attempts, hosts, pools, vms } from "./schema.ts";
import { vmOfRow } from "./vm-rows.ts";

/** What has come of a pool. */
export interface PoolCounts {
  hits: number;
  misses: number;
  /** How long VMs that do not stand by any more did. */
  idleMs: number;
}

/** A VM that a pool keeps warm, and its host. */
export interface StoredWarmVm {
  vm: Vm;
  hostName: string;
  cordon: Cordon | null;
  /** What its guest does now is not known for sure. */
  isOfBeforeRestore: boolean;
}

/** Intents and reads about pools and the VMs that they keep warm. */
export function makePoolStore(db: Db, commit: Commit, write: WriteAct) {
  return {
    setPool: (name: string, settings: Pool, act: Act, now: number): Promise<void> =>
      commit((tx) => {
        tx.insert(pools)
          .values({ name, settings })
          .onConflictDoUpdate({ target: pools.name, set: { settings } })
          .run();
        write(act, now);
      }),

    /** @returns whether there was one */
    removePool: (name: string, act: Act, now: number): Promise<boolean> =>
      commit((tx) => {
        const removed = tx.delete(pools).where(eq(pools.name, name)).returning().get();
        if (removed) write(act, now);
        return removed !== undefined;
      }),

    pools: (): Map<string, Pool> =>
      new Map(
        db
          .select()
          .from(pools)
          .orderBy(asc(pools.name))
          .all()
          .map(({ name, settings }) => [name, settings]),
      ),

    poolCounts: (name: string): PoolCounts =>
      db
        .select({ hits: pools.hits, misses: pools.misses, idleMs: pools.idleMs })
        .from(pools)
        .where(eq(pools.name, name))
        .get() ?? { hits: 0, misses: 0, idleMs: 0 },

    /** Begins VMs that are to be kept warm, each for itself: one whose slot was taken meanwhile is left out. */
    startWarmVms: (
      starts: readonly (Pick<Placement, "hostId" | "slot"> & { vm: Vm; act: Act })[],
      context: StepContext,
    ): Promise<Applied[]> =>
      commit((tx) =>
        starts.map(({ vm, act, ...placement }) => {
          const applied = startWarm(tx, vm, placement, context);
          if (applied.outcome === "applied") write(act, context.now);
          return applied;
        }),
      ),

    /** Every VM that is kept warm or is being stopped after that. */
    warmVms: (): StoredWarmVm[] =>
      warmRows(db)
        .all()
        .map(({ hostName, cordon, ...row }) => {
          const vm = vmOfRow(row);
          return { vm, hostName, cordon, isOfBeforeRestore: isOfBeforeRestore(db, vm) };
        }),
  };
}

const warmRows = preparedRead((db) =>
  db
    .select({ ...getTableColumns(vms), hostName: hosts.name, cordon: hosts.cordon })
    .from(vms)
    .innerJoin(attempts, and(eq(attempts.vmId, vms.id), isNull(attempts.goneAt)))
    .innerJoin(hosts, eq(hosts.id, attempts.hostId))
    // A literal: SQLite takes a partial index only for what it can prove while it prepares the statement.
    .where(sql`${vms.team} = '' and ${vms.state} not in ('deleted', 'failed')`)
    .orderBy(asc(vms.seq)),
);
