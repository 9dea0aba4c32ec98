import { CallError } from "@tartfleet/shared";
import { Registry } from "prom-client";
import { teamBoundOf } from "../authorize.ts";
import type { App, RestDeps } from "./app.ts";
import { requireCaller } from "./caller.ts";

/** For Prometheus, which scrapes it with a viewer's token. */
export function metricsRoutes(app: App, { useCases }: RestDeps): void {
  app.get("/metrics", {
    config: { action: "metrics.read" },
    schema: { hide: true },
    handler: async (request, reply) => {
      if (teamBoundOf(requireCaller(request).principal) !== null) {
        const message = "Metrics are of the whole fleet: ask with a viewer's token that is of no team.";
        throw new CallError("forbidden", message);
      }
      const text = await useCases.metrics();
      return reply.type(Registry.PROMETHEUS_CONTENT_TYPE).serializer(String).send(text);
    },
  });
}
