import { Counter, Gauge, type Registry } from "prom-client";
import type { Parts } from "../parts.ts";

/** Counts the tries to tell webhooks of something, and what was given up. */
export function measureWebhooks(
  registry: Registry,
  { store, changes }: Pick<Parts, "store" | "changes">,
): () => void {
  const tries = new Counter({
    name: "tartfleet_webhook_deliveries_total",
    help: "Tries to deliver to webhooks: delivered, failed (and tried again), or dead (given up)",
    labelNames: ["outcome"],
    registers: [registry],
  });
  const dead = new Gauge({
    name: "tartfleet_webhook_dead",
    help: "Deliveries that were given up and wait to be replayed",
    registers: [],
    collect() {
      this.set([...store.deliveryCounts().values()].reduce((sum, counts) => sum + counts.dead, 0));
    },
  });
  registry.registerMetric(dead);
  for (const outcome of ["delivered", "failed", "dead"]) tries.inc({ outcome }, 0);
  return changes.onWebhookTried((outcome) => tries.inc({ outcome }));
}
