import type { AttemptErrorCode, VmEvent } from "@tartfleet/shared";
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Spent } from "../domain/accounts/ledger.ts";
import type { Gap } from "../domain/history/gap.ts";
import { finishedPhase } from "../domain/history/phase-time.ts";
import { step, type Context, type HistoryEntry, type LifecycleEvent } from "../domain/lifecycle.ts";
import type { Vm } from "../domain/vm.ts";
import type { Tx } from "./group-commit.ts";
import { settle } from "./ledger.ts";
import { keepPhase, type KeptPhase } from "./phase-times.ts";
import { countIdle } from "./pool-counts.ts";
import { placeholders, preparedRead, preparedWrite } from "./prepared.ts";
import { attempts, events, hosts, meta, tokens, vms } from "./schema.ts";
import { thatAttempt } from "./taken.ts";
import { changedColumns, eventOfRow, rowOfVm, vmOfRow, type StepColumn } from "./vm-rows.ts";

/** What a step goes by besides the event. */
export interface StepContext extends Context {
  /** The newest gap in what was heard of a host (null: of anything); without it none is known. */
  gapOf?: (hostId: number | null) => Gap | undefined;
  /** The keys of labels by which time is accounted for. */
  accountLabels?: readonly string[];
  /** The pool that is there for VMs like that one. */
  poolFor?: (vm: Vm) => string | undefined;
}

/** What a step did, for those who must hear of it. */
export type Applied =
  | {
      outcome: "applied";
      vm: Vm;
      event: VmEvent | null;
      /** The phase that it finished. */
      phase: KeptPhase | null;
      /** The time in a slot or in the queue that it brought to its end. */
      spent: Spent | null;
      /** Hosts whose set of assignments changed. */
      hosts: number[];
      /** True when a slot became free or a VM came back into the queue. */
      roomChanged: boolean;
    }
  | { outcome: "ignored"; vm: Vm | null; reason: string };

const vmRow = preparedRead((db) =>
  db
    .select()
    .from(vms)
    .where(eq(vms.id, sql.placeholder("id"))),
);

export function readVm(tx: Tx, id: string): Vm | undefined {
  const row = vmRow(tx).get({ id });
  return row && vmOfRow(row);
}

/** One event through the lifecycle: VM, history, attempt, slot and revision change together or not at all. */
export function applyEvent(tx: Tx, vmId: string, event: LifecycleEvent, context: StepContext): Applied {
  const before = readVm(tx, vmId);
  if (!before) return { outcome: "ignored", vm: null, reason: "there is no such VM" };
  const result = step(before, event, contextOf(tx, before, context));
  if (result.outcome === "ignored") return { ...result, vm: before };

  const { vm, entry } = result;
  const about = "attempt" in event ? event.attempt : before.attempt;
  const isReleased = result.attempt === "release";
  const spent = settle(tx, {
    before,
    after: vm,
    attempt: about,
    isReleased,
    now: context.now,
    labels: context.accountLabels ?? [],
  });
  const touched = changeAttempt(tx, vmId, about, result.attempt, context.now);
  if (vm === before && entry === null && touched === null) {
    return { outcome: "ignored", vm, reason: "it was known" };
  }
  if (vm !== before) writeVm(tx, before, vm);
  if (before.spec.pool !== undefined && before.state === "provisioning" && vm.state !== before.state)
    countIdle(tx, before.spec.pool, context.now - before.stateSince);
  if (vm.endedAt !== null && before.endedAt === null) deleteTokens(tx)({ vmId });
  const phase = finishedPhase(before, vm, result.error, context.now, context.gapOf);
  return {
    outcome: "applied",
    vm,
    phase: phase && keepPhase(tx, phase),
    spent,
    event: entry && keepEvent(tx, vm, entry, context.now),
    hosts: touched === null ? [] : [touched],
    roomChanged: isReleased || (vm.state === "queued" && before.state !== "queued"),
  };
}

/** What did not change is left out: SQLite would write each index that it is part of anew. */
function writeVm(tx: Tx, before: Vm, after: Vm): void {
  // Secrets are for the guest's set-up; past it nobody needs them.
  const isSetUp = NEEDS_SECRETS.has(before.state) && !NEEDS_SECRETS.has(after.state);
  const columns = changedColumns(before, after);
  if (columns.length === 0 && !isSetUp) return;
  vmUpdate(columns, isSetUp)(tx)({ ...rowOfVm(after), vmId: after.id });
}

const vmUpdates = new Map<string, ReturnType<typeof preparedWrite>>();

/** There are as many of them as steps change different columns: some dozens. */
function vmUpdate(columns: readonly StepColumn[], wipesSecrets: boolean): ReturnType<typeof preparedWrite> {
  const key = [...columns, wipesSecrets].join();
  const update =
    vmUpdates.get(key) ??
    preparedWrite((db) =>
      db
        .update(vms)
        .set({ ...placeholders(columns), ...(wipesSecrets ? { secrets: null } : {}) })
        .where(eq(vms.id, sql.placeholder("vmId"))),
    );
  vmUpdates.set(key, update);
  return update;
}

const deleteTokens = preparedWrite((db) => db.delete(tokens).where(eq(tokens.vmId, sql.placeholder("vmId"))));

/** The states in which a guest may yet have to be set up. */
export const NEEDS_SECRETS: ReadonlySet<Vm["state"]> = new Set([
  "queued",
  "assigned",
  "pulling",
  "cloning",
  "booting",
  "provisioning",
]);

function contextOf(tx: Tx, vm: Vm, context: Context): Context {
  if (!NEEDS_SECRETS.has(vm.state)) return context;
  // An attempt of before a restore may have given its credentials away since: there is no other one.
  const isRestored = isOfBeforeRestore(tx, vm);
  const known = {
    ...context,
    refusals: () => countRefusals(tx, vm.id),
    mayBeSetUp: () => isRestored || hasToken(tx, vm),
  };
  return isRestored ? { ...known, budgets: { ...context.budgets, maxAttempts: 0 } } : known;
}

const restoredAt = preparedRead((db) => db.select().from(meta).where(eq(meta.key, "restored_at")));

/** Whether it was accepted before the database was restored from a backup: what happened to it since is not known. */
export function isOfBeforeRestore(tx: Tx, vm: Pick<Vm, "createdAt">): boolean {
  const restored = restoredAt(tx).get();
  return restored !== undefined && vm.createdAt <= Number(restored.value);
}

/** A token is made whenever somebody asks for what the guest is to be set up with. */
function hasToken(tx: Tx, { id, attempt }: Vm): boolean {
  return tokenOf(tx).get({ id, attempt }) !== undefined;
}

const tokenOf = preparedRead((db) =>
  db
    .select({ id: tokens.id })
    .from(tokens)
    .where(and(eq(tokens.vmId, sql.placeholder("id")), eq(tokens.attempt, sql.placeholder("attempt")))),
);

function countRefusals(tx: Tx, vmId: string): number {
  const code: AttemptErrorCode = "vm_limit_reached";
  const refused = tx
    .select({ id: events.id })
    .from(events)
    .where(
      and(
        eq(events.vmId, vmId),
        eq(events.type, "attempt_failed"),
        eq(sql`json_extract(${events.data}, '$.error.code')`, code),
      ),
    );
  return refused.all().length;
}

/** What a guest or a host can make happen without end; all else is bounded by the states and attempts. */
const NOTES: ReadonlySet<HistoryEntry["type"]> = new Set(["evidence", "stop_rung", "job"]);
const MOST_EVENTS = 1000;

/** A VM's history is bounded: past that many events what is only a note is not written down any more. */
function keepEvent(tx: Tx, vm: Vm, entry: HistoryEntry, now: number): VmEvent | null {
  if (!NOTES.has(entry.type)) return writeEvent(tx, vm, entry, now);
  if (!eventAt(tx).get({ vmId: vm.id, offset: MOST_EVENTS - 1 })) return writeEvent(tx, vm, entry, now);
  if (eventAt(tx).get({ vmId: vm.id, offset: MOST_EVENTS })) return null;
  const message = `This VM has ${MOST_EVENTS} events: what is only a note is not written down any more.`;
  return writeEvent(tx, vm, { type: "evidence", source: "control_plane", message, data: {} }, now);
}

const eventAt = preparedRead((db) =>
  db
    .select({ id: events.id })
    .from(events)
    .where(eq(events.vmId, sql.placeholder("vmId")))
    .orderBy(events.id)
    .limit(1)
    .offset(sql.placeholder("offset")),
);

export function writeEvent(tx: Tx, vm: Vm, entry: HistoryEntry, now: number): VmEvent {
  const { type, source, message, data } = entry;
  const row = { vmId: vm.id, at: now, state: vm.state, attempt: vm.attempt, type, source, message, data };
  const { lastInsertRowid } = insertEvent(tx)(row);
  return eventOfRow({ id: Number(lastInsertRowid), ...row });
}

const EVENT_COLUMNS = ["vmId", "at", "state", "attempt", "type", "source", "message", "data"] as const;

const insertEvent = preparedWrite((db) => db.insert(events).values(placeholders(EVENT_COLUMNS)));

/** @returns the host whose assignments changed, null when none did */
function changeAttempt(
  tx: Tx,
  vmId: string,
  attempt: number,
  change: "keep" | "give_up" | "release",
  now: number,
): number | null {
  if (change === "keep") return null;
  const row = presentAttempt(tx).get({ vmId, attempt });
  if (!row) return null;
  if (change === "release") releaseAttempt(tx)({ vmId, attempt, now });
  else giveUpAttempt(tx)({ vmId, attempt });
  bumpRevision(tx, row.hostId);
  return row.hostId;
}

const presentAttempt = preparedRead((db) =>
  db
    .select({ hostId: attempts.hostId })
    .from(attempts)
    .where(and(thatAttempt, isNull(attempts.goneAt))),
);
const releaseAttempt = preparedWrite((db) =>
  db
    .update(attempts)
    .set({ want: "gone", goneAt: sql`${sql.placeholder("now")}` })
    .where(thatAttempt),
);
const giveUpAttempt = preparedWrite((db) => db.update(attempts).set({ want: "gone" }).where(thatAttempt));

/** Every change of a host's set of assignments has a revision of its own. */
export function bumpRevision(tx: Tx, hostId: number): void {
  countRevision(tx)({ hostId });
}

const countRevision = preparedWrite((db) =>
  db
    .update(hosts)
    .set({ revision: sql`${hosts.revision} + 1` })
    .where(eq(hosts.id, sql.placeholder("hostId"))),
);
