import { CallError } from "@tartfleet/shared";
import { count, eq, max } from "drizzle-orm";
import type { Act, WriteAct } from "./audit.ts";
import type { Db } from "./database.ts";
import { isSqliteError } from "./faults.ts";
import type { Commit, Tx } from "./group-commit.ts";
import { audit, deliveries, events, webhooks } from "./schema.ts";

export type StoredWebhook = typeof webhooks.$inferSelect;
/** Up to which event and which row of the audit log it was looked what a webhook is to be told of. */
export type Cursors = Pick<StoredWebhook, "eventsUntil" | "auditUntil">;

/** What is to be another; what is undefined stays. */
type WebhookChange = { [Column in keyof StoredWebhook]?: StoredWebhook[Column] | undefined };

const MOST_WEBHOOKS = 50;

/** Intents and reads about who is told of what happens. */
export function makeWebhookStore(db: Db, commit: Commit, write: WriteAct) {
  return {
    /**
     * It is told of what happens from now on.
     *
     * @throws CallError webhook_exists, too_many_webhooks
     */
    addWebhook: (
      webhook: Omit<typeof webhooks.$inferInsert, keyof Cursors>,
      act: Act,
    ): Promise<StoredWebhook> =>
      commit((tx) => {
        if ((tx.select({ count: count() }).from(webhooks).get()?.count ?? 0) >= MOST_WEBHOOKS)
          throw new CallError(
            "too_many_webhooks",
            `The fleet has ${MOST_WEBHOOKS} webhooks, and may have no more. Remove one that nobody needs.`,
          );
        write(act, webhook.createdAt);
        try {
          return tx
            .insert(webhooks)
            .values({ ...webhook, ...present(tx) })
            .returning()
            .get();
        } catch (error) {
          if (!isSqliteError(error, "SQLITE_CONSTRAINT_UNIQUE")) throw error;
          throw new CallError(
            "webhook_exists",
            `There is a webhook ${webhook.name}. Choose another name, or change that one.`,
          );
        }
      }),

    /**
     * Changes a webhook; one that is enabled is told of what happens from then on.
     *
     * @throws CallError webhook_not_found
     */
    changeWebhook: (name: string, change: WebhookChange, act: Act, now: number): Promise<StoredWebhook> =>
      commit((tx) => {
        const before = tx.select().from(webhooks).where(eq(webhooks.name, name)).get();
        if (!before) throw webhookNotFound(name);
        const isWoken = change.enabled === true && !before.enabled;
        write(act, now);
        return tx
          .update(webhooks)
          .set({ ...change, ...(isWoken ? present(tx) : {}) })
          .where(eq(webhooks.id, before.id))
          .returning()
          .get();
      }),

    /** Removes it with its deliveries. Throws CallError webhook_not_found. */
    removeWebhook: (name: string, act: Act, now: number): Promise<void> =>
      commit((tx) => {
        const found = tx.select({ id: webhooks.id }).from(webhooks).where(eq(webhooks.name, name)).get();
        if (!found) throw webhookNotFound(name);
        tx.delete(deliveries).where(eq(deliveries.webhookId, found.id)).run();
        tx.delete(webhooks).where(eq(webhooks.id, found.id)).run();
        write(act, now);
      }),

    webhooks: (): StoredWebhook[] => db.select().from(webhooks).orderBy(webhooks.name).all(),

    /** @throws CallError webhook_not_found */
    webhook: (name: string): StoredWebhook => {
      const found = db.select().from(webhooks).where(eq(webhooks.name, name)).get();
      if (!found) throw webhookNotFound(name);
      return found;
    },
  };
}

export function webhookNotFound(name: string): CallError {
  return new CallError(
    "webhook_not_found",
    `There is no webhook ${name}. Make it: tartfleet webhook create ${name} --target-file FILE --event vm.failed.`,
  );
}

/** Where the logs end now. */
function present(tx: Pick<Tx, "select">): Cursors {
  return {
    eventsUntil:
      tx
        .select({ id: max(events.id) })
        .from(events)
        .get()?.id ?? 0,
    auditUntil:
      tx
        .select({ seq: max(audit.seq) })
        .from(audit)
        .get()?.seq ?? 0,
  };
}
