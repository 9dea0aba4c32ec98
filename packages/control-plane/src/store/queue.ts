import { CallError } from "@tartfleet/shared";
import { and, asc, eq, gt, inArray, sql, sum } from "drizzle-orm";
import type { Waiting } from "../domain/placement.ts";
import type { Db } from "./database.ts";
import type { Tx } from "./group-commit.ts";
import { attempts, queues, vms } from "./schema.ts";

interface QueuePart {
  after: number;
  limit: number;
  /** Only Linux VMs: those that need no slot. */
  linuxOnly: boolean;
}

/** A queue that long does not shrink within seconds. */
const QUEUE_RETRY_SECONDS = 30;

/** Reads about those who wait. */
export function makeQueueStore(db: Db) {
  return {
    /** A part of the queue in the order of acceptance: what comes after the VM with the `seq`. */
    waiting: (part: QueuePart): Waiting[] => waiting(db, part),

    countQueued: (): number =>
      Number(
        db
          .select({ sum: sum(queues.queued) })
          .from(queues)
          .get()?.sum ?? 0,
      ),
  };
}

/** @throws CallError queue_full when so many VMs of the team wait already */
export function requireRoom(tx: Pick<Tx, "select">, team: string, mostQueued: number): void {
  const queue = tx.select().from(queues).where(eq(queues.team, team)).get();
  if (queue && queue.queued >= mostQueued) {
    throw new CallError(
      "queue_full",
      `${queue.queued} VMs of team ${team} wait already. Wait until some have started, or end those that are not needed.`,
      [],
      { retryAfterSeconds: QUEUE_RETRY_SECONDS },
    );
  }
}

function waiting(db: Db, { after, limit, linuxOnly }: QueuePart): Waiting[] {
  // Literals: SQLite takes a partial index only for what it can prove while it prepares the statement.
  const queued = linuxOnly
    ? sql`${vms.state} = 'queued' and ${vms.spec} ->> 'os' = 'linux'`
    : sql`${vms.state} = 'queued'`;
  const rows = db
    .select({ id: vms.id, seq: vms.seq, spec: vms.spec, attempt: vms.attempt })
    .from(vms)
    .where(and(queued, gt(vms.seq, after)))
    .orderBy(asc(vms.seq))
    .limit(limit)
    .all();
  const again = rows.filter((row) => row.attempt > 0).map((row) => row.id);
  const tried =
    again.length === 0 ? [] : db.select().from(attempts).where(inArray(attempts.vmId, again)).all();
  const hostsOf = Map.groupBy(tried, ({ vmId }) => vmId);
  return rows.map(({ id, seq, spec }) => ({
    vmId: id,
    seq,
    os: spec.os,
    image: spec.image,
    cpu: spec.cpu ?? null,
    memoryMiB: spec.memoryMiB ?? null,
    hostLabels: spec.hostLabels,
    triedHosts: (hostsOf.get(id) ?? []).map(({ hostId }) => hostId),
  }));
}
