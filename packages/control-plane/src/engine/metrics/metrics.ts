import { Gauge, Registry } from "prom-client";
import type { Parts } from "../parts.ts";
import type { UseCases } from "../use-cases.ts";
import { gaugeFleet } from "./fleet-metrics.ts";
import { measureVms } from "./vm-metrics.ts";

/** What the control plane tells a monitoring system (docs/metrics.md). */
export interface Metrics {
  /** Others may add theirs: the program its process, HTTP its requests. */
  registry: Registry;
  /** All of it as it stands, in Prometheus' text format. */
  text(): Promise<string>;
  stop(): void;
}

export function startMetrics(
  parts: Pick<Parts, "store" | "leases" | "records" | "fleet" | "clock" | "changes">,
  { version, listPools }: { version: string } & Pick<UseCases, "listPools">,
): Metrics {
  const registry = new Registry();
  const build = new Gauge({
    name: "tartfleet_build_info",
    help: "Always 1; the control plane's version",
    labelNames: ["version"],
    registers: [registry],
  });
  build.set({ version }, 1);
  const refresh = gaugeFleet(registry, { ...parts, listPools });
  const stop = measureVms(registry, parts.changes);
  return {
    registry,
    text() {
      refresh();
      return registry.metrics();
    },
    stop,
  };
}
