import { auditPageSchema, auditQuerySchema } from "@tartfleet/shared";
import type { App, RestDeps } from "./app.ts";
import { PROBLEMS } from "./schemas.ts";

export function auditRoutes(app: App, { useCases }: RestDeps): void {
  app.get("/v1/audit", {
    config: { action: "audit.read" },
    schema: {
      tags: ["Audit"],
      operationId: "listAudit",
      summary: "Who did what to what, and from where: the audit log, a page at a time",
      querystring: auditQuerySchema,
      response: { 200: auditPageSchema, ...PROBLEMS },
    },
    handler: async (request) => useCases.auditPage(request.query),
  });
}
