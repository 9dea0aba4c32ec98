import { instanceName, parseInstanceName, type AttemptRef } from "@tartfleet/shared";
import { and, eq } from "drizzle-orm";
import type { Tx } from "./group-commit.ts";
import { attempts } from "./schema.ts";

/*
 * An agent knows instances by the names that it made them under, and speaks of them by the attempt in the name. When
 * a VM has taken a warm one's instance over, what is said of that attempt is of the VM's.
 */

/** The attempt whose instance on the host has the name of that one; undefined when none ever had. */
export function attemptOn(tx: Pick<Tx, "select">, hostId: number, named: AttemptRef): AttemptRef | undefined {
  const taker = tx
    .select({ vmId: attempts.vmId, attempt: attempts.attempt, hostId: attempts.hostId })
    .from(attempts)
    .where(eq(attempts.instance, instanceName(named.vmId, named.attempt)))
    .get();
  const row =
    taker ??
    tx
      .select({ vmId: attempts.vmId, attempt: attempts.attempt, hostId: attempts.hostId })
      .from(attempts)
      .where(and(eq(attempts.vmId, named.vmId), eq(attempts.attempt, named.attempt)))
      .get();
  return row?.hostId === hostId ? { vmId: row.vmId, attempt: row.attempt } : undefined;
}

/** The attempt that an attempt's instance is named after. */
export function namesakeOf({
  vmId,
  attempt,
  instance,
}: AttemptRef & { instance: string | null }): AttemptRef {
  return (instance === null ? undefined : parseInstanceName(instance)) ?? { vmId, attempt };
}
