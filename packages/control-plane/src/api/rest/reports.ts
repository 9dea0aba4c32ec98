import { slotReportQuerySchema, slotReportSchema } from "@tartfleet/shared";
import { slotReportFor } from "../team-view.ts";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";
import { PROBLEMS } from "./schemas.ts";

export function reportRoutes(app: App, { useCases }: RestDeps): void {
  app.get("/v1/reports/slot-minutes", {
    config: { action: "report.read" },
    schema: {
      tags: ["History"],
      operationId: "reportSlotMinutes",
      summary: "What slots' time was spent on, by team, image, label, host or day",
      querystring: slotReportQuerySchema,
      response: { 200: slotReportSchema, ...PROBLEMS },
    },
    handler: async (request) => slotReportFor(useCases, requireCaller(request).principal, request.query),
  });
}
