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
import type { Connection } from "../connection.ts";
import { callEmpty, callJson, type Call } from "./http.ts";

const webhooksSchema = z.object({ webhooks: z.array(webhookRecordSchema) });
const deliveriesSchema = z.object({ deliveries: z.array(deliveryRecordSchema) });
const replayedSchema = z.object({ replayed: z.int() });

/** Deliveries at once; the API's most. */
const DELIVERIES_A_PAGE = 500;

/** The calls about webhooks, one function a call. */
export function webhookCalls(connection: Connection) {
  const call = <S extends z.ZodType>(schema: S, asked: Call) =>
    callJson(connection, asked, schema).then(({ body }) => body);

  return {
    createWebhook: (body: CreateWebhookInput) =>
      call(createdWebhookSchema, { method: "POST", path: "/v1/webhooks", body }),
    listWebhooks: async () => (await call(webhooksSchema, { method: "GET", path: "/v1/webhooks" })).webhooks,
    getWebhook: (name: string) => call(webhookRecordSchema, { method: "GET", path: webhookPath(name) }),
    changeWebhook: (name: string, body: ChangeWebhook) =>
      call(webhookRecordSchema, { method: "PATCH", path: webhookPath(name), body }),
    removeWebhook: (name: string) => callEmpty(connection, { method: "DELETE", path: webhookPath(name) }),
    rotateWebhook: (name: string, body: RotateWebhook) =>
      call(createdWebhookSchema, { method: "POST", path: `${webhookPath(name)}/rotate`, body }),
    testWebhook: (name: string) =>
      call(webhookTryRecordSchema, { method: "POST", path: `${webhookPath(name)}/test` }),
    replayWebhook: async (name: string, body: ReplayWebhook) =>
      (await call(replayedSchema, { method: "POST", path: `${webhookPath(name)}/replay`, body })).replayed,

    /** All of one kind, by their ids. */
    async listDeliveries(name: string, state: DeliveryRecord["state"]) {
      const all: DeliveryRecord[] = [];
      for (;;) {
        const { deliveries } = await call(deliveriesSchema, {
          method: "GET",
          path: `${webhookPath(name)}/deliveries`,
          query: { state, after: all.at(-1)?.id ?? 0, limit: DELIVERIES_A_PAGE },
        });
        all.push(...deliveries);
        if (deliveries.length < DELIVERIES_A_PAGE) return all;
      }
    },
  };
}

function webhookPath(name: string): string {
  return `/v1/webhooks/${encodeURIComponent(name)}`;
}
