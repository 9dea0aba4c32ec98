import type { DeliveryRecord, WebhookRecord } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { block, table } from "./table.ts";
import { oneLine } from "./text.ts";
import { age, timeWithAge } from "./time.ts";

/** `webhook list`. */
export function webhookTable(webhooks: readonly WebhookRecord[], style: Style): string {
  const { now } = style;
  return table(
    webhooks,
    [
      { head: "WEBHOOK", text: ({ name }) => name },
      {
        head: "STATE",
        text: stateOf,
        paint: (text, webhook, colors) =>
          webhook.enabled && webhook.dead === 0 ? colors.green(text) : colors.red(text),
      },
      { head: "EVENTS", text: ({ events }) => events.join(" "), cut: { from: "end", least: 12 } },
      { head: "TEAM", text: ({ team }) => team ?? "-", spare: 2 },
      { head: "WAITING", text: ({ pending }) => String(pending), align: "right" },
      { head: "DEAD", text: ({ dead }) => String(dead), align: "right" },
      { head: "LAST TOLD", text: ({ lastDeliveredAt }) => age(lastDeliveredAt, now), spare: 1 },
      { head: "TO", text: ({ url }) => url, cut: { from: "end", least: 16 }, spare: 3 },
    ],
    style,
  );
}

function stateOf({ enabled }: WebhookRecord): string {
  return enabled ? "enabled" : "disabled";
}

/** `webhook get`: everything that is set. */
export function webhookDetails(webhook: WebhookRecord, style: Style): string {
  const { now } = style;
  const { disabledReason, lastFailure, previousSecretUntil } = webhook;
  return block(
    [
      ["name", webhook.name],
      ["to", oneLine(webhook.url)],
      ["state", disabledReason === null ? stateOf(webhook) : `disabled: ${oneLine(disabledReason)}`],
      ["events", webhook.events.join(" ")],
      ["team", webhook.team ?? undefined],
      ["template", webhook.template],
      ["waiting", String(webhook.pending)],
      ["dead", String(webhook.dead)],
      ["last told", timeWithAge(webhook.lastDeliveredAt, now)],
      [
        "last failure",
        lastFailure === null
          ? undefined
          : `${timeWithAge(lastFailure.at, now)}: ${oneLine(lastFailure.message)}`,
      ],
      ["old secret until", previousSecretUntil === null ? undefined : timeWithAge(previousSecretUntil, now)],
      ["made by", oneLine(webhook.createdBy)],
      ["made", timeWithAge(webhook.createdAt, now)],
    ],
    style,
  );
}

/** A delivery, and whose. */
export interface DeliveryOf extends DeliveryRecord {
  webhook: string;
}

/** `webhook dead` and `webhook pending`. */
export function deliveryTable(deliveries: readonly DeliveryOf[], style: Style): string {
  const { now } = style;
  return table(
    deliveries,
    [
      { head: "WEBHOOK", text: ({ webhook }) => webhook },
      { head: "ID", text: ({ id }) => String(id), align: "right" },
      { head: "EVENT", text: ({ type }) => type },
      { head: "ABOUT", text: ({ subject }) => subject, cut: { from: "end", least: 12 } },
      { head: "HAPPENED", text: ({ at }) => age(at, now) },
      { head: "TRIES", text: ({ tries }) => String(tries), align: "right" },
      { head: "NEXT TRY", text: ({ nextTryAt }) => age(nextTryAt, now), spare: 1 },
      { head: "WHY", text: ({ message }) => message ?? "-", cut: { from: "end", least: 16 } },
    ],
    style,
  );
}
