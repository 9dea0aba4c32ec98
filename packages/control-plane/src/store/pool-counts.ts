import { eq, sql } from "drizzle-orm";
import type { Tx } from "./group-commit.ts";
import { pools } from "./schema.ts";

/** A VM took a warm one of the pool. */
export function countHit(tx: Tx, pool: string): void {
  tx.update(pools)
    .set({ hits: sql`${pools.hits} + 1` })
    .where(eq(pools.name, pool))
    .run();
}

/** A VM that the pool was there for has to be booted. */
export function countMiss(tx: Tx, pool: string | undefined): void {
  if (pool === undefined) return;
  tx.update(pools)
    .set({ misses: sql`${pools.misses} + 1` })
    .where(eq(pools.name, pool))
    .run();
}

/** One of its VMs stood by for so long. */
export function countIdle(tx: Tx, pool: string, milliseconds: number): void {
  tx.update(pools)
    .set({ idleMs: sql`${pools.idleMs} + ${Math.max(0, milliseconds)}` })
    .where(eq(pools.name, pool))
    .run();
}
