import { CallError, type DeliveryRecord, type WebhookRecord } from "@tartfleet/shared";
import { refusalOf, shownUrl } from "../../domain/notices/target.ts";
import type { StoredDelivery } from "../../store/deliveries.ts";
import type { Cursors, StoredWebhook } from "../../store/webhooks.ts";
import { actOf, nameOf, webhookName } from "../acts.ts";
import type { Parts } from "../parts.ts";
import { iso, isoOf } from "../records.ts";
import type { UseCases } from "../use-cases.ts";
import type { Post } from "./post.ts";
import { openTarget, sealedAbout, tell, type Target } from "./receiver.ts";
import { mintWebhookSecret } from "./sign.ts";

type WebhookUseCases = Pick<
  UseCases,
  | "createWebhook"
  | "listWebhooks"
  | "getWebhook"
  | "changeWebhook"
  | "removeWebhook"
  | "rotateWebhook"
  | "testWebhook"
  | "listDeliveries"
  | "replayWebhook"
>;

/** What the running webhooks are told of. */
interface Running {
  hold(webhook: StoredWebhook): void;
  drop(id: number): void;
  look(id: number): void;
  cursorsOf(id: number): Partial<Cursors>;
  stopped: AbortSignal;
}

export function makeWebhookUseCases(
  parts: Pick<Parts, "store" | "clock" | "sealer" | "config"> & { post: Post },
  running: Running,
): WebhookUseCases {
  const { store, clock, sealer, config } = parts;

  function seal(name: string, target: Target): Pick<StoredWebhook, "sealed" | "shownUrl"> {
    return { sealed: sealer.seal(target, sealedAbout(name)), shownUrl: shownUrl(new URL(target.url)) };
  }

  function requireAllowed(url: string): void {
    const message = refusalOf(new URL(url), config.webhookAllowPrivate);
    if (message !== undefined)
      throw new CallError("invalid_request", "Not valid: url", [{ path: "url", message }]);
  }

  function requireTarget(webhook: StoredWebhook): Target {
    const target = openTarget(sealer, webhook);
    if (target) return target;
    throw new CallError(
      "invalid_request",
      `The secrets of webhook ${webhook.name} were sealed with another key. Remove it and make it anew.`,
    );
  }

  function recordOf(webhook: StoredWebhook, counts = store.deliveryCounts()): WebhookRecord {
    const { pending, dead } = counts.get(webhook.id) ?? { pending: 0, dead: 0 };
    const { previousUntil, lastFailedAt, lastFailure } = webhook;
    return {
      name: webhook.name,
      url: webhook.shownUrl,
      events: webhook.events,
      team: webhook.team,
      template: webhook.template,
      enabled: webhook.enabled,
      disabledReason: webhook.disabledReason,
      createdBy: webhook.createdBy,
      createdAt: isoOf(webhook.createdAt),
      pending,
      dead,
      lastDeliveredAt: iso(webhook.lastDeliveredAt),
      lastFailure: lastFailedAt === null ? null : { at: isoOf(lastFailedAt), message: lastFailure ?? "" },
      previousSecretUntil:
        previousUntil !== null && previousUntil > clock.now() ? isoOf(previousUntil) : null,
    };
  }

  return {
    async createWebhook(caller, { name, url, events, team, template }) {
      requireAllowed(url);
      const now = clock.now();
      const secret = mintWebhookSecret();
      const sealed = seal(name, { url, secret, previousSecret: null });
      const details = { url: sealed.shownUrl, events: events.join(" "), team, template };
      const webhook = await store.addWebhook(
        {
          name,
          ...sealed,
          events,
          team,
          template,
          enabled: true,
          createdBy: nameOf(caller.principal),
          createdAt: now,
        },
        actOf(caller, "webhook.create", webhookName(name), details),
      );
      running.hold(webhook);
      return { ...recordOf(webhook), secret };
    },

    listWebhooks() {
      const counts = store.deliveryCounts();
      return store.webhooks().map((webhook) => recordOf(webhook, counts));
    },

    getWebhook: (name) => recordOf(store.webhook(name)),

    async changeWebhook(caller, name, { url, ...change }) {
      const before = store.webhook(name);
      if (url !== undefined) requireAllowed(url);
      const sealed = url === undefined ? undefined : seal(name, { ...requireTarget(before), url });
      const { events, team, template, enabled } = change;
      const act = actOf(caller, "webhook.change", webhookName(name), {
        ...(sealed === undefined ? {} : { url: sealed.shownUrl }),
        ...(events === undefined ? {} : { events: events.join(" ") }),
        ...(team === undefined ? {} : { team }),
        ...(template === undefined ? {} : { template }),
        ...(enabled === undefined ? {} : { enabled }),
      });
      const why = enabled === false ? { disabledReason: `${nameOf(caller.principal)} disabled it` } : {};
      const webhook = await store.changeWebhook(
        name,
        {
          // What was passed over by the filters before is not looked at again with others.
          ...running.cursorsOf(before.id),
          ...sealed,
          ...change,
          ...(enabled === true ? { disabledReason: null } : why),
        },
        act,
        clock.now(),
      );
      running.hold(webhook);
      return recordOf(webhook);
    },

    async removeWebhook(caller, name) {
      const { id } = store.webhook(name);
      await store.removeWebhook(name, actOf(caller, "webhook.remove", webhookName(name)), clock.now());
      running.drop(id);
    },

    async rotateWebhook(caller, name, { graceSeconds }) {
      const before = store.webhook(name);
      const { url, secret: previousSecret } = requireTarget(before);
      const secret = mintWebhookSecret();
      const now = clock.now();
      const webhook = await store.changeWebhook(
        name,
        { ...seal(name, { url, secret, previousSecret }), previousUntil: now + graceSeconds * 1000 },
        actOf(caller, "webhook.rotate", webhookName(name), { graceSeconds }),
        now,
      );
      running.hold(webhook);
      return { ...recordOf(webhook), secret };
    },

    async testWebhook(caller, name) {
      const webhook = store.webhook(name);
      const now = clock.now();
      await store.recordAct(actOf(caller, "webhook.test", webhookName(name)), now);
      const id = `msg_${store.logId.replaceAll("-", "")}_${now}_ping`;
      const body = {
        type: "ping" as const,
        timestamp: isoOf(now),
        fleet: config.publicUrl,
        data: { webhook: name },
      };
      const { kind, status, message } = await tell(parts, webhook, id, body, running.stopped);
      return { delivered: kind === "delivered", status, message };
    },

    listDeliveries(name, { state, after, limit }) {
      const { id } = store.webhook(name);
      return store.deliveries(id, state === "dead", after, limit).map(deliveryOf);
    },

    async replayWebhook(caller, name, { id }) {
      const webhook = store.webhook(name);
      const act = actOf(caller, "webhook.replay", webhookName(name), { id: id ?? "all" });
      const replayed = await store.replayDeliveries(webhook.id, id, act, clock.now());
      running.look(webhook.id);
      return { replayed };
    },
  };
}

function deliveryOf(delivery: StoredDelivery): DeliveryRecord {
  const { id, messageId, type, subject, at, tries, dueAt, deadAt, status, message } = delivery;
  const isDead = deadAt !== null;
  return {
    id,
    messageId,
    type,
    subject,
    at: isoOf(at),
    state: isDead ? "dead" : "pending",
    tries,
    nextTryAt: isDead ? null : isoOf(dueAt),
    deadAt: iso(deadAt),
    status,
    message,
  };
}
