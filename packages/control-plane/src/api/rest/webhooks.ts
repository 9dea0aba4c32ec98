import {
  changeWebhookSchema,
  createdWebhookSchema,
  createWebhookSchema,
  deliveriesQuerySchema,
  deliveryRecordSchema,
  nameSchema,
  replayWebhookSchema,
  rotateWebhookSchema,
  webhookRecordSchema,
  webhookTryRecordSchema,
} from "@tartfleet/shared";
import { z } from "zod";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { PROBLEMS } from "./schemas.ts";

const tags = ["Webhooks"];
const params = z.strictObject({ name: nameSchema });
const read = { action: "webhook.read" } as const;
const manage = { action: "webhook.manage" } as const;

export function webhookRoutes(app: App, { useCases }: RestDeps): void {
  app.get("/v1/webhooks", {
    config: read,
    schema: {
      tags,
      operationId: "listWebhooks",
      summary: "List webhooks, what waits for each, and what was given up",
      response: { 200: z.object({ webhooks: z.array(webhookRecordSchema) }), ...PROBLEMS },
    },
    handler: async () => ({ webhooks: useCases.listWebhooks() }),
  });

  app.post("/v1/webhooks", {
    config: manage,
    schema: {
      tags,
      operationId: "createWebhook",
      summary: "Have a URL told of what happens from now on; the secret that signs it is shown once",
      body: createWebhookSchema,
      response: { 201: createdWebhookSchema, ...PROBLEMS },
    },
    handler: async (request, reply) =>
      reply.code(201).send(await useCases.createWebhook(requireCaller(request), request.body)),
  });

  app.get("/v1/webhooks/:name", {
    config: read,
    schema: {
      tags,
      operationId: "getWebhook",
      summary: "Get one webhook",
      params,
      response: { 200: webhookRecordSchema, ...PROBLEMS },
    },
    handler: async (request) => useCases.getWebhook(request.params.name),
  });

  app.patch("/v1/webhooks/:name", {
    config: manage,
    schema: {
      tags,
      operationId: "changeWebhook",
      summary: "Change what is given of a webhook, or enable it again",
      params,
      body: changeWebhookSchema,
      response: { 200: webhookRecordSchema, ...PROBLEMS },
    },
    handler: async (request) =>
      useCases.changeWebhook(requireCaller(request), request.params.name, request.body),
  });

  app.delete("/v1/webhooks/:name", {
    config: manage,
    schema: {
      tags,
      operationId: "removeWebhook",
      summary: "Remove a webhook with its deliveries, those that were given up among them",
      params,
      response: { 204: z.null().describe("Removed"), ...PROBLEMS },
    },
    handler: async (request, reply) => {
      await useCases.removeWebhook(requireCaller(request), request.params.name);
      return reply.code(204).send(null);
    },
  });

  app.post("/v1/webhooks/:name/rotate", {
    config: manage,
    schema: {
      tags,
      operationId: "rotateWebhook",
      summary: "Give a webhook a new secret, shown once; the one before signs as well for the grace",
      params,
      body: rotateWebhookSchema,
      response: { 200: createdWebhookSchema, ...PROBLEMS },
    },
    handler: async (request) =>
      useCases.rotateWebhook(requireCaller(request), request.params.name, request.body),
  });

  app.post("/v1/webhooks/:name/test", {
    config: manage,
    schema: {
      tags,
      operationId: "testWebhook",
      summary: "Send a webhook a ping now, and say what became of it",
      params,
      response: { 200: webhookTryRecordSchema, ...PROBLEMS },
    },
    handler: async (request) => useCases.testWebhook(requireCaller(request), request.params.name),
  });

  app.get("/v1/webhooks/:name/deliveries", {
    config: read,
    schema: {
      tags,
      operationId: "listDeliveries",
      summary: "What a webhook could not be told (dead), or is still to be told (pending)",
      params,
      querystring: deliveriesQuerySchema,
      response: { 200: z.object({ deliveries: z.array(deliveryRecordSchema) }), ...PROBLEMS },
    },
    handler: async (request) => ({
      deliveries: useCases.listDeliveries(request.params.name, request.query),
    }),
  });

  app.post("/v1/webhooks/:name/replay", {
    config: manage,
    schema: {
      tags,
      operationId: "replayWebhook",
      summary: "Try dead deliveries again, one or all, as if they were new",
      params,
      body: replayWebhookSchema,
      response: { 200: z.object({ replayed: z.int() }), ...PROBLEMS },
    },
    handler: async (request) =>
      useCases.replayWebhook(requireCaller(request), request.params.name, request.body),
  });
}
