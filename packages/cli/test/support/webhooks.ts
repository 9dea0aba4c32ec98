import {
  CallError,
  changeWebhookSchema,
  createWebhookSchema,
  replayWebhookSchema,
  type DeliveryRecord,
  type WebhookRecord,
} from "@tartfleet/shared";

const AT = "2026-01-01T00:00:00.000Z";
/** What the stand-in hands out. */
export const WEBHOOK_SECRET = "whsec_c3RhbmQtaW4=";

function deliveryRecord(id: number): DeliveryRecord {
  return {
    id,
    messageId: `msg_a_${id}_vm-failed`,
    type: "vm.failed",
    subject: "VM aaaabbbbccccdddd",
    at: AT,
    state: "dead",
    tries: 12,
    nextTryAt: null,
    deadAt: AT,
    status: 503,
    message: "HTTP 503: try \u001b[31mlater",
  };
}

/** Webhooks as the control plane's REST API has them, of which none is ever told anything. */
export function makeWebhooks() {
  const webhooks = new Map<string, WebhookRecord>();
  const required = (name: string) => {
    const webhook = webhooks.get(name);
    if (!webhook) throw new CallError("webhook_not_found", `There is no webhook ${name}.`);
    return webhook;
  };
  const shown = (url: string) => `${new URL(url).origin}/…`;

  return function answer(
    method: string,
    [name = "", verb]: (string | undefined)[],
    body: unknown,
  ): [status: number, document?: unknown] | undefined {
    switch (`${method} ${name === "" ? "" : ":name"}${verb === undefined ? "" : `/${verb}`}`) {
      case "GET ":
        return [200, { webhooks: [...webhooks.values()] }];
      case "POST ": {
        const { url, ...asked } = createWebhookSchema.parse(body);
        const webhook = {
          ...asked,
          url: shown(url),
          enabled: true,
          disabledReason: null,
          createdBy: "token ana (ana0)",
          createdAt: AT,
          pending: 0,
          dead: 2,
          lastDeliveredAt: null,
          lastFailure: { at: AT, message: "HTTP 503" },
          previousSecretUntil: null,
        };
        webhooks.set(webhook.name, webhook);
        return [201, { ...webhook, secret: WEBHOOK_SECRET }];
      }
      case "GET :name":
        return [200, required(name)];
      case "PATCH :name": {
        const { url, events, team, template, enabled } = changeWebhookSchema.parse(body);
        const before = required(name);
        const after: WebhookRecord = {
          ...before,
          url: url === undefined ? before.url : shown(url),
          events: events ?? before.events,
          team: team === undefined ? before.team : team,
          template: template ?? before.template,
          enabled: enabled ?? before.enabled,
          disabledReason: enabled === false ? "token ana (ana0) disabled it" : null,
        };
        webhooks.set(name, after);
        return [200, after];
      }
      case "DELETE :name":
        required(name);
        webhooks.delete(name);
        return [204];
      case "POST :name/rotate":
        return [200, { ...required(name), previousSecretUntil: AT, secret: WEBHOOK_SECRET }];
      case "POST :name/test":
        return [200, { delivered: required(name).enabled, status: 200, message: "HTTP 200" }];
      case "GET :name/deliveries":
        return [200, { deliveries: [deliveryRecord(4), deliveryRecord(7)] }];
      case "POST :name/replay":
        return [200, { replayed: replayWebhookSchema.parse(body).id === undefined ? 2 : 1 }];
      default:
        return undefined;
    }
  };
}
