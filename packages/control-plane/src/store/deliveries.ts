import { CallError, type VmEvent } from "@tartfleet/shared";
import { and, asc, count, desc, eq, gt, isNotNull, isNull, lte, min, sql } from "drizzle-orm";
import type { Act, WriteAct } from "./audit.ts";
import type { Db } from "./database.ts";
import type { Commit } from "./group-commit.ts";
import { audit, deliveries, events, webhooks } from "./schema.ts";
import { eventOfRow } from "./vm-rows.ts";
import type { Cursors } from "./webhooks.ts";

export type StoredDelivery = typeof deliveries.$inferSelect;
export type NewDelivery = Omit<typeof deliveries.$inferInsert, "webhookId">;

/** What has been written since a webhook was last told what there is. */
export interface News {
  events: VmEvent[];
  acts: (typeof audit.$inferSelect)[];
}

/** What became of a try that did not deliver: when the next one is, or (null) that there is none. */
export interface FailedTry {
  dueAt: number | null;
  status: number | null;
  message: string;
}

/** Intents and reads about what webhooks are to be told of. */
export function makeDeliveryStore(db: Db, commit: Commit, write: WriteAct) {
  return {
    /** Events and audit rows after the cursors, oldest first, of each at most `limit`. */
    newsAfter: ({ eventsUntil, auditUntil }: Cursors, limit: number): News => ({
      events: db
        .select()
        .from(events)
        .where(gt(events.id, eventsUntil))
        .orderBy(asc(events.id))
        .limit(limit)
        .all()
        .map(eventOfRow),
      acts: db
        .select()
        .from(audit)
        .where(gt(audit.seq, auditUntil))
        .orderBy(asc(audit.seq))
        .limit(limit)
        .all(),
    }),

    /** Puts deliveries down and moves the cursors past what they were made from, together. */
    addDeliveries: (webhookId: number, cursors: Cursors, rows: readonly NewDelivery[]): Promise<void> =>
      commit((tx) => {
        const moved = tx.update(webhooks).set(cursors).where(eq(webhooks.id, webhookId)).run().changes;
        if (moved === 0 || rows.length === 0) return;
        tx.insert(deliveries)
          .values(rows.map((row) => ({ ...row, webhookId })))
          .onConflictDoNothing()
          .run();
      }),

    /** What is to be tried by now, the first due first. */
    dueDeliveries: (webhookId: number, now: number, limit: number): StoredDelivery[] =>
      db
        .select()
        .from(deliveries)
        .where(
          and(eq(deliveries.webhookId, webhookId), isNull(deliveries.deadAt), lte(deliveries.dueAt, now)),
        )
        .orderBy(asc(deliveries.dueAt), asc(deliveries.id))
        .limit(limit)
        .all(),

    nextDeliveryAt: (webhookId: number, after: number): number | null =>
      db
        .select({ at: min(deliveries.dueAt) })
        .from(deliveries)
        .where(
          and(eq(deliveries.webhookId, webhookId), isNull(deliveries.deadAt), gt(deliveries.dueAt, after)),
        )
        .get()?.at ?? null,

    /** Forgets a delivery that was taken. */
    delivered: ({ id, webhookId }: StoredDelivery, now: number): Promise<void> =>
      commit((tx) => {
        tx.delete(deliveries).where(eq(deliveries.id, id)).run();
        tx.update(webhooks).set({ lastDeliveredAt: now }).where(eq(webhooks.id, webhookId)).run();
      }),

    deliveryFailed: (
      { id, webhookId, tries, dueAt }: StoredDelivery,
      failed: FailedTry,
      now: number,
    ): Promise<void> =>
      commit((tx) => {
        const { status, message } = failed;
        tx.update(deliveries)
          .set({
            tries: tries + 1,
            status,
            message,
            dueAt: failed.dueAt ?? dueAt,
            deadAt: failed.dueAt === null ? now : null,
          })
          .where(eq(deliveries.id, id))
          .run();
        tx.update(webhooks)
          .set({ lastFailedAt: now, lastFailure: message })
          .where(eq(webhooks.id, webhookId))
          .run();
      }),

    /** How many wait and how many were given up, by webhook. */
    deliveryCounts: (): Map<number, { pending: number; dead: number }> =>
      new Map(
        db
          .select({
            webhookId: deliveries.webhookId,
            dead: count(deliveries.deadAt),
            all: count(),
          })
          .from(deliveries)
          .groupBy(deliveries.webhookId)
          .all()
          .map(({ webhookId, dead, all }) => [webhookId, { dead, pending: all - dead }]),
      ),

    pendingDeliveries: (webhookId: number): number =>
      db
        .select({ count: count() })
        .from(deliveries)
        .where(and(eq(deliveries.webhookId, webhookId), isNull(deliveries.deadAt)))
        .get()?.count ?? 0,

    deliveries: (webhookId: number, isDead: boolean, after: number, limit: number): StoredDelivery[] =>
      db
        .select()
        .from(deliveries)
        .where(
          and(
            eq(deliveries.webhookId, webhookId),
            isDead ? isNotNull(deliveries.deadAt) : isNull(deliveries.deadAt),
            gt(deliveries.id, after),
          ),
        )
        .orderBy(asc(deliveries.id))
        .limit(limit)
        .all(),

    /**
     * Tries one dead delivery again, or all of a webhook's, as if they were new.
     *
     * @returns how many
     * @throws CallError delivery_not_found
     */
    replayDeliveries: (webhookId: number, id: number | undefined, act: Act, now: number): Promise<number> =>
      commit((tx) => {
        const which = and(
          eq(deliveries.webhookId, webhookId),
          isNotNull(deliveries.deadAt),
          id === undefined ? undefined : eq(deliveries.id, id),
        );
        const replayed = tx
          .update(deliveries)
          .set({ deadAt: null, tries: 0, dueAt: now })
          .where(which)
          .run().changes;
        if (id !== undefined && replayed === 0)
          throw new CallError("delivery_not_found", `It has no dead delivery ${id}; list them first.`);
        if (replayed > 0) write(act, now);
        return replayed;
      }),

    /** Forgets what was given up before the time, and of each webhook all but the newest `most`. */
    forgetDead: (before: number, most: number): Promise<void> =>
      commit((tx) => {
        tx.delete(deliveries)
          .where(and(isNotNull(deliveries.deadAt), sql`${deliveries.deadAt} < ${before}`))
          .run();
        for (const { id } of tx.select({ id: webhooks.id }).from(webhooks).all()) {
          const dead = and(eq(deliveries.webhookId, id), isNotNull(deliveries.deadAt));
          const beyond = tx
            .select({ id: deliveries.id })
            .from(deliveries)
            .where(dead)
            .orderBy(desc(deliveries.id))
            .limit(1)
            .offset(most)
            .get();
          if (beyond)
            tx.delete(deliveries)
              .where(and(dead, lte(deliveries.id, beyond.id)))
              .run();
        }
      }),
  };
}
