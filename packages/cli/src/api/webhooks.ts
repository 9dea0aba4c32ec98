import {
  createdWebhookSchema,
  deliveryRecordSchema,
  webhookRecordSchema,
  webhookTryRecordSchema,
  type ChangeWebhook,
  type CreateWebhookInput,
  type DeliveryRecord,
  type ReplayWebhook,
  type RotateWebhook,
} from "@tartfleet/shared";
import { z } from "zod";
import type { CheckedPlane } from "./plane.ts";

const webhooksSchema = z.object({ webhooks: z.array(webhookRecordSchema) });
const deliveriesSchema = z.object({ deliveries: z.array(deliveryRecordSchema) });
const nothingSchema = z.null();
const replayedSchema = z.object({ replayed: z.int() });

/** Deliveries at once; the API's most. */
const DELIVERIES_A_PAGE = 500;

/** The calls about webhooks, one function a call. */
export function webhookCalls({ ask }: CheckedPlane) {
  return {
    createWebhook: (body: CreateWebhookInput) => ask(createdWebhookSchema, "POST /v1/webhooks", { body }),
    listWebhooks: async () => (await ask(webhooksSchema, "GET /v1/webhooks")).webhooks,
    getWebhook: (name: string) => ask(webhookRecordSchema, "GET /v1/webhooks/{name}", { path: { name } }),
    changeWebhook: (name: string, body: ChangeWebhook) =>
      ask(webhookRecordSchema, "PATCH /v1/webhooks/{name}", { path: { name }, body }),
    removeWebhook: (name: string) => ask(nothingSchema, "DELETE /v1/webhooks/{name}", { path: { name } }),
    rotateWebhook: (name: string, body: RotateWebhook) =>
      ask(createdWebhookSchema, "POST /v1/webhooks/{name}/rotate", { path: { name }, body }),
    testWebhook: (name: string) =>
      ask(webhookTryRecordSchema, "POST /v1/webhooks/{name}/test", { path: { name } }),
    replayWebhook: async (name: string, body: ReplayWebhook) =>
      (await ask(replayedSchema, "POST /v1/webhooks/{name}/replay", { path: { name }, body })).replayed,

    /** All of one kind, by their ids. */
    async listDeliveries(name: string, state: DeliveryRecord["state"]) {
      const all: DeliveryRecord[] = [];
      for (;;) {
        const query = { state, after: all.at(-1)?.id ?? 0, limit: DELIVERIES_A_PAGE };
        const asked = { path: { name }, query };
        const { deliveries } = await ask(deliveriesSchema, "GET /v1/webhooks/{name}/deliveries", asked);
        all.push(...deliveries);
        if (deliveries.length < DELIVERIES_A_PAGE) return all;
      }
    },
  };
}
