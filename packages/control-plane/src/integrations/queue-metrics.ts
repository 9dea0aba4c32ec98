import { Counter, Gauge, type Registry } from "prom-client";
import type { QueueCount } from "../domain/queue-count.ts";

/** What is told of a CI system whose queues are polled; the same metrics for all of them, there once one is configured. */
export function measureQueues(registry: Registry, system: string) {
  const counter = (name: string, help: string, labelNames: string[]) => {
    const known = registry.getSingleMetric(name);
    return known instanceof Counter ? known : new Counter({ name, help, labelNames, registers: [registry] });
  };
  const gauge = (name: string, help: string) => {
    const known = registry.getSingleMetric(name);
    const labelNames = ["system", "runner"];
    return known instanceof Gauge ? known : new Gauge({ name, help, labelNames, registers: [registry] });
  };
  const waiting = gauge("tartfleet_ci_waiting_jobs", "Jobs that wait for a runner, at the last count");
  const running = gauge("tartfleet_ci_running_jobs", "Jobs that run, on whosever runners, at the last count");
  const asked = counter("tartfleet_ci_vms_total", "VMs that were asked for a CI system's jobs", [
    "system",
    "runner",
  ]);
  const made = counter(
    "tartfleet_ci_runners_total",
    "Runners that guests were given, or that were not to be had",
    ["system", "runner", "outcome"],
  );
  const polls = counter("tartfleet_ci_polls_total", "Counts of queues, and failures to get one", [
    "system",
    "runner",
    "outcome",
  ]);
  const outcomeOf = (ok: boolean) => (ok ? "done" : "failed");
  return {
    counted(runner: string, count: QueueCount): void {
      waiting.set({ system, runner }, count.waiting);
      running.set({ system, runner }, count.running);
    },
    asked: (runner: string, vms: number) => asked.inc({ system, runner }, vms),
    made: (runner: string, ok: boolean) => made.inc({ system, runner, outcome: outcomeOf(ok) }),
    polled: (runner: string, ok: boolean) => polls.inc({ system, runner, outcome: outcomeOf(ok) }),
  };
}
