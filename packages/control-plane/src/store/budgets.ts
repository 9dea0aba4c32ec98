import { and, isNotNull, sql, type SQL } from "drizzle-orm";
import type { Tx } from "./group-commit.ts";
import { live, vms } from "./schema.ts";

/** Gives every live VM that has a budget another end of it, and the deadline that follows from it. */
export function setBudgets(tx: Pick<Tx, "update">, endsAt: SQL): void {
  tx.update(vms)
    .set({
      budgetEndsAt: endsAt,
      deadlineAt: sql`case when ${vms.state} = 'stopping' or ${vms.expiresAt} is null then ${endsAt} else min(${endsAt}, ${vms.expiresAt}) end`,
    })
    .where(and(live, isNotNull(vms.budgetEndsAt)))
    .run();
}
