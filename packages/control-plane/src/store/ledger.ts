import { imageParts } from "@tartfleet/shared";
import { and, count, eq, isNull, sql } from "drizzle-orm";
import { kindOf } from "../domain/accounts/kind.ts";
import {
  byDay,
  keptLabels,
  keptUnder,
  type Account,
  type LedgerKind,
  type Spent,
} from "../domain/accounts/ledger.ts";
import type { Vm } from "../domain/vm.ts";
import type { Tx } from "./group-commit.ts";
import { placeholders, preparedRead, preparedWrite } from "./prepared.ts";
import { attempts, hostTime, slotTime } from "./schema.ts";
import { thatAttempt } from "./taken.ts";

/** A step of a VM's life, as far as the accounts go by it. */
interface Taken {
  before: Vm;
  after: Vm;
  /** The attempt that it concerns. */
  attempt: number;
  /** That attempt's instance was seen gone. */
  isReleased: boolean;
  now: number;
  /** The labels that are kept. */
  labels: readonly string[];
}

/**
 * Writes down the time that a step has brought to its end, in the transaction of the step: an attempt's slot changed
 * what it is used for or became free, or a wait was over. So no crash loses any, and none counts twice; what goes on
 * is added when somebody asks.
 */
export function settle(tx: Tx, { before, after, attempt, isReleased, now, labels }: Taken): Spent | null {
  if (before.spec.os !== "macos") return null;
  const account = accountOf(before, labels);
  if (before.state === "queued" && after.state !== "queued") {
    const waited: Spent = { ...account, kind: "waiting", hostId: null, from: before.stateSince, until: now };
    post(tx, waited);
    return waited;
  }
  const kind = kindOf(before, attempt);
  if (!isReleased && kindOf(after, attempt) === kind) return null;
  const held = heldBy(tx).get({ vmId: before.id, attempt });
  if (!held) return null;
  accountUntil(tx)({ now, vmId: before.id, attempt });
  const spent: Spent = { ...account, kind, hostId: held.hostId, from: held.since, until: now };
  post(tx, spent);
  return spent;
}

/** From when on an attempt's time in its slot is not in the accounts yet. */
export const heldSince = sql<number>`coalesce(${attempts.accountedUntil}, ${attempts.createdAt})`;
/** It holds a macOS slot. */
export const isHeld = sql`${attempts.slot} is not null and ${isNull(attempts.goneAt)}`;

const heldBy = preparedRead((db) =>
  db.select({ hostId: attempts.hostId, since: heldSince }).from(attempts).where(and(thatAttempt, isHeld)),
);

const accountUntil = preparedWrite((db) =>
  db
    .update(attempts)
    .set({ accountedUntil: sql`${sql.placeholder("now")}` })
    .where(thatAttempt),
);

export function accountOf(
  { team, spec }: { team: string; spec: Pick<Vm["spec"], "image" | "labels"> },
  keys: readonly string[],
): Account {
  const image = imageParts(spec.image)?.repository ?? spec.image;
  return { team, image, labels: keptLabels(spec.labels, keys) };
}

/** Adds a time to the books of its days. */
export function post(tx: Tx, { kind, hostId, from, until, ...account }: Spent): void {
  for (const { day, ms } of byDay(from, until)) {
    addToAccount(tx, { day, kind, ms }, account);
    if (hostId !== null) addToHost(tx)({ day, hostId, kind, ms });
  }
}

const addToHost = preparedWrite((db) =>
  db
    .insert(hostTime)
    .values(placeholders(["day", "hostId", "kind", "ms"]))
    .onConflictDoUpdate({
      target: [hostTime.day, hostTime.hostId, hostTime.kind],
      set: { ms: sql`${hostTime.ms} + ${sql.placeholder("ms")}` },
    }),
);

function addToAccount(
  tx: Tx,
  { day, kind, ms }: { day: number; kind: LedgerKind; ms: number },
  account: Account,
): void {
  if (addToSlot(tx)({ day, kind, ms, ...account }).changes > 0) return;
  const { team } = account;
  const rows = (which = eq(slotTime.day, day)) =>
    tx.select({ rows: count() }).from(slotTime).where(which).get()?.rows ?? 0;
  const ofTeam = rows(sql`${slotTime.day} = ${day} and ${slotTime.team} = ${team}`);
  tx.insert(slotTime)
    .values({ day, kind, ms, ...keptUnder(account, { ofTeam, ofDay: rows() }) })
    .onConflictDoUpdate({
      target: [slotTime.day, slotTime.team, slotTime.image, slotTime.labels, slotTime.kind],
      set: { ms: sql`${slotTime.ms} + ${ms}` },
    })
    .run();
}

const addToSlot = preparedWrite((db) =>
  db
    .update(slotTime)
    .set({ ms: sql`${slotTime.ms} + ${sql.placeholder("ms")}` })
    .where(
      and(
        eq(slotTime.day, sql.placeholder("day")),
        eq(slotTime.team, sql.placeholder("team")),
        eq(slotTime.image, sql.placeholder("image")),
        eq(slotTime.labels, sql.param(sql.placeholder("labels"), slotTime.labels)),
        eq(slotTime.kind, sql.placeholder("kind")),
      ),
    ),
);
