import { pauseBefore } from "../../domain/notices/back-off.ts";
import type { StoredDelivery } from "../../store/deliveries.ts";
import type { StoredWebhook } from "../../store/webhooks.ts";
import type { Parts } from "../parts.ts";
import type { Patience } from "../patience.ts";
import type { Tried } from "./receiver.ts";

/** So many deliveries of one webhook are under way at once. */
const MOST_AT_ONCE = 4;
/** Of what is due so much is looked through for what may go now. */
const LOOKED_AT = 64;

/** The deliveries of one webhook: nothing of another's can hold them up. */
export interface Queue {
  /** Something may be due. */
  look(): void;
  /** How many are under way. */
  stop(): void;
}

/**
 * Sends what is due, a few at once and of one VM or host one after the other. What failed is tried again later, and
 * is overtaken by what comes meanwhile.
 */
export function makeQueue(
  { store, clock, patience }: Pick<Parts, "store" | "clock"> & { patience: Patience },
  webhookId: number,
  {
    present,
    send,
    onTried,
  }: {
    /** The webhook as it is now; undefined when it is to be told of nothing. */
    present(): StoredWebhook | undefined;
    send(webhook: StoredWebhook, delivery: StoredDelivery): Promise<Tried>;
    /** Each try, once it is written down. */
    onTried(tried: Tried, isDead: boolean): Promise<void> | void;
  },
): Queue {
  const underWay = new Map<number, string>();
  let restsUntil = 0;
  let isStopped = false;
  let cancel = () => {};

  function look(): void {
    patience.keepTrying(() => {
      cancel();
      const webhook = isStopped ? undefined : present();
      if (!webhook) return;
      const now = clock.now();
      if (restsUntil > now) return wakeAt(restsUntil);
      const subjects = new Set(underWay.values());
      for (const delivery of store.dueDeliveries(webhookId, now, LOOKED_AT)) {
        if (underWay.size >= MOST_AT_ONCE) return;
        if (underWay.has(delivery.id) || subjects.has(delivery.subject)) continue;
        subjects.add(delivery.subject);
        underWay.set(delivery.id, delivery.subject);
        void tryOnce(webhook, delivery);
      }
      const next = store.nextDeliveryAt(webhookId, now);
      if (next !== null) wakeAt(next);
    });
  }

  function wakeAt(at: number): void {
    cancel = clock.after(at - clock.now(), look);
  }

  async function tryOnce(webhook: StoredWebhook, delivery: StoredDelivery): Promise<void> {
    const tried = await send(webhook, delivery);
    if (isStopped) return;
    patience.keepTrying(async () => {
      if (isStopped) return;
      const isDead = await keep(delivery, tried);
      underWay.delete(delivery.id);
      if (isStopped) return;
      await onTried(tried, isDead);
      look();
    });
  }

  /** @returns whether it is given up */
  async function keep(delivery: StoredDelivery, tried: Tried): Promise<boolean> {
    const now = clock.now();
    if (tried.kind === "delivered") {
      await store.delivered(delivery, now);
      return false;
    }
    // A receiver that says when it can take something again says so of all that it is to take.
    if (tried.retryAfterMs !== undefined)
      restsUntil = Math.max(restsUntil, now + Math.min(tried.retryAfterMs, MOST_REST_MS));
    const pause = pauseBefore(delivery.messageId, delivery.tries + 1, tried.retryAfterMs);
    const { status, message } = tried;
    await store.deliveryFailed(
      delivery,
      { dueAt: pause === undefined ? null : now + pause, status, message },
      now,
    );
    return pause === undefined;
  }

  return {
    look,
    stop() {
      isStopped = true;
      cancel();
    },
  };
}

const MOST_REST_MS = 3_600_000;
