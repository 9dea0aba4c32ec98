import { CallError, DEFAULT_PRIORITY } from "@tartfleet/shared";
import { and, asc, eq, inArray, sql, sum } from "drizzle-orm";
import { fitOf } from "../domain/pools/pool.ts";
import { needOf, type Request } from "../domain/scheduling/request.ts";
import { imageOf } from "../domain/vm.ts";
import type { Db } from "./database.ts";
import type { Tx } from "./group-commit.ts";
import { preparedRead } from "./prepared.ts";
import { attempts, queues, vms } from "./schema.ts";

/** A queue that long does not shrink within seconds. */
const QUEUE_RETRY_SECONDS = 30;

/** Reads about those who wait. */
export function makeQueueStore(db: Db) {
  return {
    /** All who wait, in the order of acceptance. */
    requests: (): Request[] =>
      requestsOf(db, db.select(COLUMNS).from(vms).where(QUEUED).orderBy(asc(vms.seq)).all()),

    /** One VM's request while it waits. */
    request: (vmId: string): Request | undefined => requestsOf(db, queuedVm(db).all({ vmId }))[0],

    /** Those whose image's tag is not resolved yet. */
    awaitingDigest: (): { id: string; image: string }[] =>
      db
        .select({ id: vms.id, image: sql<string>`${vms.spec} ->> 'image'` })
        .from(vms)
        .where(and(QUEUED, sql`${vms.resolution} ->> 'kind' = 'waiting'`))
        .orderBy(asc(vms.seq))
        .all(),
    /** Images that VMs in the queue want, as they named them and by the digests that those stand for. */
    queuedImages: (): Set<string> =>
      new Set(
        db
          .selectDistinct({ image: sql<string>`${vms.spec} ->> 'image'`, resolution: vms.resolution })
          .from(vms)
          .where(QUEUED)
          .all()
          .flatMap(({ image, resolution }) => [image, imageOf({ spec: { image }, resolution })]),
      ),

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
export function requireRoom(tx: Tx, team: string, mostQueued: number): void {
  const queue = queueOf(tx).get({ team });
  if (queue && queue.queued >= mostQueued) {
    throw new CallError(
      "queue_full",
      `${queue.queued} VMs of team ${team} wait already. Wait until some have started, or end those that are not needed.`,
      [],
      { retryAfterSeconds: QUEUE_RETRY_SECONDS },
    );
  }
}

// A literal: SQLite takes a partial index only for what it can prove while it prepares the statement.
const QUEUED = sql`${vms.state} = 'queued'`;

const COLUMNS = {
  id: vms.id,
  seq: vms.seq,
  team: vms.team,
  spec: vms.spec,
  resolution: vms.resolution,
  attempt: vms.attempt,
  createdAt: vms.createdAt,
  stateSince: vms.stateSince,
};

const queuedVm = preparedRead((db) =>
  db
    .select(COLUMNS)
    .from(vms)
    .where(and(QUEUED, eq(vms.id, sql.placeholder("vmId")))),
);

const queueOf = preparedRead((db) =>
  db
    .select()
    .from(queues)
    .where(eq(queues.team, sql.placeholder("team"))),
);

type QueuedRow = Pick<typeof vms.$inferSelect, keyof typeof COLUMNS>;

function requestsOf(db: Db, rows: readonly QueuedRow[]): Request[] {
  const again = rows.filter((row) => row.attempt > 0).map((row) => row.id);
  const tried =
    again.length === 0 ? [] : db.select().from(attempts).where(inArray(attempts.vmId, again)).all();
  const hostsOf = Map.groupBy(tried, ({ vmId }) => vmId);
  return rows.map(({ id, seq, team, spec, resolution, attempt, createdAt, stateSince }) => ({
    vmId: id,
    seq,
    team,
    priority: spec.priority ?? DEFAULT_PRIORITY,
    need: needOf({ spec, resolution }),
    awaitsDigest: resolution?.kind === "waiting",
    fit: fitOf(spec, imageOf({ spec, resolution })),
    since: createdAt,
    failedAt: attempt === 0 ? null : stateSince,
    triedHosts: (hostsOf.get(id) ?? []).map(({ hostId }) => hostId),
  }));
}
