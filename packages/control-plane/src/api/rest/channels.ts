import { channelRecordSchema, nameSchema, rollOutSchema, setChannelSchema } from "@tartfleet/shared";
import { z } from "zod";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { PROBLEMS } from "./schemas.ts";

const tags = ["Channels"];
const params = z.strictObject({ name: nameSchema });
const response = { 200: channelRecordSchema, ...PROBLEMS };

export function channelRoutes(app: App, { useCases }: RestDeps): void {
  app.get("/v1/channels", {
    config: { action: "channel.read" },
    schema: {
      tags,
      operationId: "listChannels",
      summary: "List channels: names that stand for an image",
      response: { 200: z.object({ channels: z.array(channelRecordSchema) }), ...PROBLEMS },
    },
    handler: async () => ({ channels: useCases.listChannels() }),
  });

  app.get("/v1/channels/:name", {
    config: { action: "channel.read" },
    schema: {
      tags,
      operationId: "getChannel",
      summary: "Get a channel, its rollout, and what was decided and why",
      params,
      response,
    },
    handler: async (request) => useCases.getChannel(request.params.name),
  });

  app.put("/v1/channels/:name", {
    config: { action: "channel.manage" },
    schema: {
      tags,
      operationId: "setChannel",
      summary: "Give all new VMs of a channel an image at once; makes the channel, ends a rollout",
      params,
      body: setChannelSchema,
      response,
    },
    handler: async (request) =>
      useCases.setChannel(requireCaller(request), request.params.name, request.body),
  });

  app.delete("/v1/channels/:name", {
    config: { action: "channel.manage" },
    schema: {
      tags,
      operationId: "removeChannel",
      summary: "Remove a channel; its VMs keep the image that they got",
      params,
      response: { 204: z.null().describe("Removed"), ...PROBLEMS },
    },
    handler: async (request, reply) => {
      await useCases.removeChannel(requireCaller(request), request.params.name);
      return reply.code(204).send(null);
    },
  });

  app.post("/v1/channels/:name/rollout", {
    config: { action: "channel.manage" },
    schema: {
      tags,
      operationId: "rollOutChannel",
      summary: "Shift a channel's new VMs to another image by steps; rolls back by itself when it is worse",
      params,
      body: rollOutSchema,
      response,
    },
    handler: async (request) =>
      useCases.rollOutChannel(requireCaller(request), request.params.name, request.body),
  });

  app.post("/v1/channels/:name/rollback", {
    config: { action: "channel.manage" },
    schema: {
      tags,
      operationId: "rollBackChannel",
      summary: "End a channel's rollout: all new VMs get the old image",
      params,
      response,
    },
    handler: async (request) => useCases.rollBackChannel(requireCaller(request), request.params.name),
  });
}
