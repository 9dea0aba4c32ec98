import {
  CallError,
  isTerminal,
  type AttemptRef,
  type ListVmsQuery,
  type Report,
  type VmEvent,
} from "@tartfleet/shared";
import {
  and,
  asc,
  desc,
  eq,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  min,
  ne,
  sql,
  type SQL,
} from "drizzle-orm";
import type { LifecycleEvent } from "../domain/lifecycle.ts";
import type { Placement } from "../domain/scheduling/decide.ts";
import { NO_TEAM, type Vm } from "../domain/vm.ts";
import { applyEvent, readVm, writeEvent, type Applied, type StepContext } from "./apply.ts";
import type { Act, WriteAct } from "./audit.ts";
import { setBudgets } from "./budgets.ts";
import type { Database, Db } from "./database.ts";
import { isSqliteError, storageFull } from "./faults.ts";
import type { Commit, Tx } from "./group-commit.ts";
import { requireSession } from "./hosts.ts";
import { columnsBut, placeholders, preparedRead, preparedWrite } from "./prepared.ts";
import { requireRoom } from "./queue.ts";
import { placeVm, takeOver } from "./place.ts";
import { attempts, events, hosts, live, vms } from "./schema.ts";
import { attemptOn, namesakeOf, thatAttempt } from "./taken.ts";
import { eventOfRow, rowOfVm, vmOfRow } from "./vm-rows.ts";

/** A VM to be accepted. `bodyHash` compares bodies under the same idempotency key of the same caller. */
export interface NewVm {
  vm: Vm;
  createdBy: string;
  idempotencyKey: string | null;
  bodyHash: string;
  secrets: Buffer | null;
  /** How many VMs of its team may wait, this one included. */
  mostQueued: number;
  /** Throws when it is not to be accepted; not asked of a VM that was accepted before. */
  admit?: (() => void) | undefined;
}

/** How many VMs a page looks at when no index leads to those that it asks for: a few milliseconds. */
const LOOKED_AT = 2000;

/** A VM of a page, with its place in the order of acceptance. */
interface PagedVm {
  vm: Vm;
  seq: number;
}

/** Intents and reads about VMs. Times are milliseconds. */
export function makeVmStore(
  { db, reserve }: Pick<Database, "db" | "reserve">,
  commit: Commit,
  write: WriteAct,
) {
  return {
    /**
     * Accepts a VM, or returns the live one that the same caller made with the same key and body.
     *
     * @throws CallError idempotency_conflict, storage_full, queue_full, name_taken
     */
    acceptVm: (accepted: NewVm, act: Act, now: number): Promise<{ vm: Vm; event: VmEvent | null }> =>
      commit((tx) => {
        const earlier = earlierVm(tx, accepted);
        if (earlier) return { vm: earlier, event: null };
        accepted.admit?.();
        // What room there still is belongs to the VMs that are there.
        if (!reserve.isWhole()) throw storageFull();
        write(act, now);
        return acceptVm(tx, accepted, now);
      }),

    /** One event through the lifecycle. When somebody's act brought it about, that is written down with it. */
    applyEvent: (vmId: string, event: LifecycleEvent, context: StepContext, act?: Act): Promise<Applied> =>
      commit((tx) => {
        const applied = applyEvent(tx, vmId, event, context);
        if (act && applied.outcome === "applied") write(act, context.now);
        return applied;
      }),

    /**
     * What a host's present session saw. A report about an attempt that was never on this host is ignored.
     *
     * @throws CallError session_fenced
     */
    applyReports: (
      hostId: number,
      epoch: number,
      reports: readonly Report[],
      context: StepContext,
    ): Promise<Applied[]> =>
      commit((tx) => {
        requireSession(tx, hostId, epoch);
        return reports.map(({ vmId, ...report }) => {
          const about = attemptOn(tx, hostId, { vmId, attempt: report.attempt });
          if (about) return applyEvent(tx, about.vmId, { ...report, attempt: about.attempt }, context);
          return { outcome: "ignored", vm: null, reason: "that attempt was never on this host" };
        });
      }),

    /** Carries placements out, each for itself: one that no longer holds is left out and goes back to the queue. */
    placeVms: (placements: readonly Placement[], context: StepContext): Promise<Applied[]> =>
      commit((tx) =>
        placements.flatMap((placement) =>
          placement.takes === undefined
            ? placeVm(tx, placement, context)
            : takeOver(tx, { ...placement, takes: placement.takes }, context),
        ),
      ),

    vm: (id: string): Vm | undefined => readVm(db, id),

    /** Where and when an attempt was placed. */
    placeOf: (
      vmId: string,
      attempt: number,
    ): { hostId: number; slot: number | null; at: number } | undefined => placeOf(db).get({ vmId, attempt }),

    /** The attempt that an attempt's instance is named after on its host. */
    namesakeOf: ({ vmId, attempt }: AttemptRef): AttemptRef => {
      const row = db
        .select({ instance: attempts.instance })
        .from(attempts)
        .where(and(eq(attempts.vmId, vmId), eq(attempts.attempt, attempt)))
        .get();
      return namesakeOf({ vmId, attempt, instance: row?.instance ?? null });
    },

    /** Of a VM, or of one of that team alone. */
    vmSeq: (id: string, team: string | undefined): number | undefined =>
      db
        .select({ seq: vms.seq })
        .from(vms)
        .where(and(eq(vms.id, id), team === undefined ? undefined : eq(vms.team, team)))
        .get()?.seq,

    teamOfVm: (id: string): string | undefined =>
      db.select({ team: vms.team }).from(vms).where(eq(vms.id, id)).get()?.team,

    /**
     * The VM down to which a page looks, when no index leads to those that are asked for; undefined when it
     * may look at all of them.
     */
    pageFloor: (
      query: Omit<ListVmsQuery, "cursor">,
      before: number | undefined,
    ): { seq: number; id: string } | undefined => {
      const isLed = query.jobId !== undefined || query.name !== undefined || query.state?.every(isLiveState);
      if (isLed || (query.label === undefined && query.state === undefined)) return undefined;
      return db
        .select({ seq: vms.seq, id: vms.id })
        .from(vms)
        .where(
          and(
            before === undefined ? undefined : lt(vms.seq, before),
            query.team === undefined ? undefined : eq(vms.team, query.team),
          ),
        )
        .orderBy(desc(vms.seq))
        .limit(1)
        .offset(LOOKED_AT - 1)
        .get();
    },

    /** Newest first; `before` is the `seq` of the last VM of the page before. */
    listVms: (query: Omit<ListVmsQuery, "cursor">, before: number | undefined, from = 0): PagedVm[] =>
      db
        .select()
        .from(vms)
        .where(
          and(
            ...filters(db, query),
            before === undefined ? undefined : lt(vms.seq, before),
            gte(vms.seq, from),
          ),
        )
        .orderBy(desc(vms.seq))
        .limit(query.limit)
        .all()
        .map((row) => ({ vm: vmOfRow(row), seq: row.seq })),

    /** Live VMs with their images, for capacity by image. */
    liveImages: (): { image: string; state: string; count: number }[] =>
      db
        .select({
          image: sql<string>`${vms.spec} ->> 'image'`,
          state: vms.state,
          count: sql<number>`count(*)`,
        })
        .from(vms)
        .where(and(live, ne(vms.team, NO_TEAM)))
        .groupBy(sql`1`, vms.state)
        .all(),

    /**
     * No time that was lost counts for the budget of a live VM, and none runs out before the given time, none of a
     * bring-up before the second: what happened while nobody was listening can first be told. TTLs stay as they are.
     */
    extendBudgets: (until: number, bringUpsUntil: number, lostMs: number): Promise<void> =>
      commit((tx) => {
        const least = sql`case when ${inArray(vms.state, BRINGING_UP)} then ${bringUpsUntil} else ${until} end`;
        setBudgets(tx, sql`max(${vms.budgetEndsAt} + ${lostMs}, ${least})`);
      }),

    /** VMs whose end is known and whose instance is there: being removed, or because somebody holds them. */
    endingVms: (): Vm[] =>
      db
        .select()
        .from(vms)
        .where(and(inArray(vms.state, ["draining", "stopping"]), isNotNull(vms.endReason), live))
        .all()
        .map(vmOfRow),

    nextDeadline: (): number | null => firstDeadline(db).get()?.at ?? null,

    dueVms: (now: number, limit: number): string[] =>
      db
        .select({ id: vms.id })
        .from(vms)
        .where(lte(vms.deadlineAt, now))
        .orderBy(asc(vms.deadlineAt))
        .limit(limit)
        .all()
        .map(({ id }) => id),

    events: (vmId: string, after: number, limit: number): VmEvent[] =>
      db
        .select()
        .from(events)
        .where(and(eq(events.vmId, vmId), gt(events.id, after)))
        .orderBy(asc(events.id))
        .limit(limit)
        .all()
        .map(eventOfRow),

    /** VMs that are being brought up on a host, with their attempts: those that a silent host holds up. */
    bringUpsOn: (hostId: number): { vmId: string; attempt: number }[] =>
      db
        .select({ vmId: vms.id, attempt: vms.attempt })
        .from(attempts)
        .innerJoin(vms, and(eq(vms.id, attempts.vmId), eq(vms.attempt, attempts.attempt)))
        .where(and(eq(attempts.hostId, hostId), isNull(attempts.goneAt), inArray(vms.state, BRINGING_UP)))
        .all(),
  };
}

const placeOf = preparedRead((db) =>
  db
    .select({ hostId: attempts.hostId, slot: attempts.slot, at: attempts.createdAt })
    .from(attempts)
    .where(thatAttempt),
);

const firstDeadline = preparedRead((db) =>
  db
    .select({ at: min(vms.deadlineAt) })
    .from(vms)
    .where(isNotNull(vms.deadlineAt)),
);

const BRINGING_UP = [
  "assigned",
  "pulling",
  "cloning",
  "booting",
  "provisioning",
] as const satisfies Vm["state"][];

/** The live VM that the same caller made with the same key and body. */
function earlierVm(
  tx: Tx,
  { createdBy, idempotencyKey, bodyHash }: Pick<NewVm, "createdBy" | "idempotencyKey" | "bodyHash">,
): Vm | undefined {
  if (idempotencyKey === null) return undefined;
  const earlier = vmWithKey(tx).get({ createdBy, idempotencyKey });
  if (!earlier || earlier.bodyHash === bodyHash) return earlier && vmOfRow(earlier);
  throw new CallError(
    "idempotency_conflict",
    `The Idempotency-Key was already used for VM ${earlier.id} with another body. Use a new key, or repeat the same body.`,
  );
}

const vmWithKey = preparedRead((db) =>
  db
    .select()
    .from(vms)
    .where(
      and(
        eq(vms.createdBy, sql.placeholder("createdBy")),
        eq(vms.idempotencyKey, sql.placeholder("idempotencyKey")),
        live,
      ),
    ),
);

const insertVm = preparedWrite((db) => db.insert(vms).values(placeholders(columnsBut(vms, "seq"))));

function acceptVm(tx: Tx, accepted: NewVm, now: number): { vm: Vm; event: VmEvent | null } {
  const { vm, createdBy, idempotencyKey, bodyHash, secrets, mostQueued } = accepted;
  requireRoom(tx, vm.team, mostQueued);
  try {
    const { id, name, team, spec } = vm;
    const jobId = spec.jobId ?? null;
    const own = { id, name, team, spec, jobId, createdBy, idempotencyKey, bodyHash, secrets };
    insertVm(tx)({ ...own, ...rowOfVm(vm) });
  } catch (error) {
    if (!isSqliteError(error, "SQLITE_CONSTRAINT_UNIQUE")) throw error;
    throw new CallError(
      "name_taken",
      `A live VM of team ${vm.team} is named ${vm.name}. Choose another name, or end that VM first.`,
    );
  }
  const event = writeEvent(
    tx,
    vm,
    {
      type: "accepted",
      source: "client",
      message:
        vm.resolution?.kind === "waiting"
          ? "Accepted; it waits until it is known what its image's tag stands for."
          : "Accepted; it waits for a slot.",
      data: { image: vm.spec.image, ...(vm.imageDigest === null ? {} : { digest: vm.imageDigest }) },
    },
    now,
  );
  return { vm, event };
}

const isLiveState = (state: Vm["state"]) => !isTerminal(state);

function filters(db: Db, query: Omit<ListVmsQuery, "cursor">): (SQL | undefined)[] {
  const [key, ...value] = query.label?.split("=") ?? [];
  return [
    query.state && inArray(vms.state, query.state),
    query.state?.every(isLiveState) ? live : undefined,
    query.jobId === undefined ? undefined : eq(vms.jobId, query.jobId),
    query.name === undefined ? undefined : eq(vms.name, query.name),
    query.team === undefined ? undefined : eq(vms.team, query.team),
    query.host === undefined
      ? undefined
      : inArray(vms.hostId, db.select({ id: hosts.id }).from(hosts).where(eq(hosts.name, query.host))),
    key === undefined
      ? undefined
      : sql`exists (select 1 from json_each(${vms.spec}, '$.labels') where key = ${key} and value = ${value.join("=")})`,
  ];
}
