import { nameSchema, poolRecordSchema, setPoolSchema } from "@tartfleet/shared";
import { z } from "zod";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { PROBLEMS } from "./schemas.ts";

const tags = ["Pools"];
const params = z.strictObject({ name: nameSchema });
const response = { 200: poolRecordSchema, ...PROBLEMS };

export function poolRoutes(app: App, { useCases }: RestDeps): void {
  app.get("/v1/pools", {
    config: { action: "pool.read" },
    schema: {
      tags,
      operationId: "listPools",
      summary: "List pools of warm VMs, what each has just now, and how often it was of use",
      response: { 200: z.object({ pools: z.array(poolRecordSchema) }), ...PROBLEMS },
    },
    handler: async () => ({ pools: useCases.listPools() }),
  });

  app.get("/v1/pools/:name", {
    config: { action: "pool.read" },
    schema: { tags, operationId: "getPool", summary: "Get one pool", params, response },
    handler: async (request) => useCases.getPool(request.params.name),
  });

  app.put("/v1/pools/:name", {
    config: { action: "pool.manage" },
    schema: {
      tags,
      operationId: "setPool",
      summary:
        "Make a pool, or change it: its warm VMs are renewed one by one where they were made otherwise",
      params,
      body: setPoolSchema,
      response,
    },
    handler: async (request) => useCases.setPool(requireCaller(request), request.params.name, request.body),
  });

  app.delete("/v1/pools/:name", {
    config: { action: "pool.manage" },
    schema: {
      tags,
      operationId: "removePool",
      summary: "Remove a pool with its counts; its warm VMs end",
      params,
      response: { 204: z.null().describe("Removed"), ...PROBLEMS },
    },
    handler: async (request, reply) => {
      await useCases.removePool(requireCaller(request), request.params.name);
      return reply.code(204).send(null);
    },
  });
}
