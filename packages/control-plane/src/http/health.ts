import { CallError } from "@tartfleet/shared";
import type { App } from "../api/rest/app.ts";

/** For load balancers and supervisors; open to everyone. */
export function healthRoutes(app: App, draining: AbortSignal): void {
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async () => {
    if (draining.aborted) throw new CallError("shutting_down", "The control plane is shutting down");
    return { status: "ready" };
  });
}
