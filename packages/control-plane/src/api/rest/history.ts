import { historyQuerySchema, historySchema } from "@tartfleet/shared";
import { historyFor } from "../team-view.ts";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { PROBLEMS } from "./schemas.ts";

export function historyRoutes(app: App, { useCases }: RestDeps): void {
  app.get("/v1/history", {
    config: { action: "history.read" },
    schema: {
      tags: ["History"],
      operationId: "getHistory",
      summary: "How the fleet was over time: waits, bring-ups, slots, queue, ends and failures, for charts",
      querystring: historyQuerySchema,
      response: { 200: historySchema, ...PROBLEMS },
    },
    handler: async (request) => historyFor(useCases, requireCaller(request).principal, request.query),
  });
}
