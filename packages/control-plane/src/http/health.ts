import { CallError } from "@tartfleet/shared";
import type { App } from "../api/rest/app.ts";
import type { StorageHealth } from "../engine/storage-watch.ts";

/** For load balancers and supervisors; open to everyone. */
export function healthRoutes(
  app: App,
  draining: AbortSignal,
  storage: (() => StorageHealth) | undefined,
): void {
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    if (draining.aborted) throw new CallError("shutting_down", "The control plane is shutting down");
    if (!storage) return { status: "ready" };
    const { isFull, isLow, space } = storage();
    const disk = { ...space, state: isFull ? "full" : isLow ? "low" : "well" };
    return reply.code(isFull ? 503 : 200).send({ status: isFull ? "not_ready" : "ready", disk });
  });
}
