import { instanceName, parseInstanceName, type AttemptRef } from "@tartfleet/shared";
import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "./group-commit.ts";
import { preparedRead } from "./prepared.ts";
import { attempts } from "./schema.ts";

/*
 * An agent knows instances by the names that it made them under, and speaks of them by the attempt in the name. When
 * a VM has taken a warm one's instance over, what is said of that attempt is of the VM's.
 */

/** Of the attempt that the placeholders `vmId` and `attempt` name. */
export const thatAttempt = and(
  eq(attempts.vmId, sql.placeholder("vmId")),
  eq(attempts.attempt, sql.placeholder("attempt")),
);

const COLUMNS = { vmId: attempts.vmId, attempt: attempts.attempt, hostId: attempts.hostId };

const taker = preparedRead((db) =>
  db
    .select(COLUMNS)
    .from(attempts)
    .where(eq(attempts.instance, sql.placeholder("instance"))),
);

const itself = preparedRead((db) => db.select(COLUMNS).from(attempts).where(thatAttempt));

/** The attempt whose instance on the host has the name of that one; undefined when none ever had. */
export function attemptOn(tx: Tx, hostId: number, { vmId, attempt }: AttemptRef): AttemptRef | undefined {
  const row = taker(tx).get({ instance: instanceName(vmId, attempt) }) ?? itself(tx).get({ vmId, attempt });
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
