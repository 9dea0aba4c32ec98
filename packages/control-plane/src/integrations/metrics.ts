import { Counter, Gauge, type Registry } from "prom-client";

/** What is told of CI systems whose queues are polled: the same metrics for all of them, there once one is configured. */
export function measureCi(registry: Registry, system: string) {
  const counter = (name: string, help: string, ...labels: string[]) => {
    const known = registry.getSingleMetric(name);
    const labelNames = ["system", ...labels];
    return known instanceof Counter ? known : new Counter({ name, help, labelNames, registers: [registry] });
  };
  const gauge = (name: string, help: string, ...labels: string[]) => {
    const known = registry.getSingleMetric(name);
    const labelNames = ["system", ...labels];
    return known instanceof Gauge ? known : new Gauge({ name, help, labelNames, registers: [registry] });
  };
  const waiting = gauge(
    "tartfleet_ci_waiting_jobs",
    "Jobs that wait for a runner, at the last count",
    "runner",
  );
  const running = gauge(
    "tartfleet_ci_running_jobs",
    "Jobs that run, on whosever runners, at the last count",
    "runner",
  );
  const asked = counter("tartfleet_ci_vms_total", "VMs that were asked for a CI system's jobs", "runner");
  const made = counter(
    "tartfleet_ci_runners_total",
    "Runners that guests were given, or that were not to be had",
    "runner",
    "outcome",
  );
  const polls = counter(
    "tartfleet_ci_polls_total",
    "Counts of queues, and failures to get one",
    "runner",
    "outcome",
  );
  const forced = counter(
    "tartfleet_ci_forced_total",
    "VMs that were ended because their job was said to be over twice, and no exit was seen",
    "runner",
  );
  const removed = counter(
    "tartfleet_ci_removed_total",
    "Registered runners without a VM (ghost) that were removed, and VMs without a registered runner or a job (mute) that were ended",
    "kind",
  );
  const mismatched = gauge("tartfleet_ci_mismatched", "Ghosts and mutes at the last look", "kind");
  const outcomeOf = (ok: boolean) => (ok ? "done" : "failed");
  return {
    /** @param count `running` is missing where the system does not tell */
    counted(runner: string, count: { waiting: number; running?: number }): void {
      waiting.set({ system, runner }, count.waiting);
      if (count.running !== undefined) running.set({ system, runner }, count.running);
    },
    asked: (runner: string, vms: number) => asked.inc({ system, runner }, vms),
    made: (runner: string, ok: boolean) => made.inc({ system, runner, outcome: outcomeOf(ok) }),
    polled: (runner: string, ok: boolean) => polls.inc({ system, runner, outcome: outcomeOf(ok) }),
    forced: (runner: string) => forced.inc({ system, runner }),
    removed: (kind: "ghost" | "mute") => removed.inc({ system, kind }),
    found(ghosts: number, mutes: number): void {
      mismatched.set({ system, kind: "ghost" }, ghosts);
      mismatched.set({ system, kind: "mute" }, mutes);
    },
  };
}

export type CiMetrics = ReturnType<typeof measureCi>;
