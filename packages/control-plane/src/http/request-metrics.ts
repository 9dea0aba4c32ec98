import { Histogram, type Registry } from "prom-client";
import type { App } from "../api/rest/app.ts";

/** Long polls and streams last for minutes: their routes tell them apart. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600];

/** Measures every request by its route as it is documented, never by the path that was asked for. */
export function measureRequests(app: App, registry: Registry): void {
  const requests = new Histogram({
    name: "tartfleet_http_request_seconds",
    help: "How long HTTP requests took, to the last byte of the answer",
    labelNames: ["method", "route", "status"],
    buckets: BUCKETS,
    registers: [registry],
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "unknown";
    const status = `${Math.floor(reply.statusCode / 100)}xx`;
    requests.observe({ method: request.method, route, status }, reply.elapsedTime / 1000);
  });
}
