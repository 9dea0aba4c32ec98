import { Counter, Gauge, type Registry } from "prom-client";

/** What the integration of a CI system that is polled tells a monitoring system, by the system's name. */
export function measurePolled(
  registry: Registry,
  system: string,
  waiting: () => Iterable<readonly [definition: string, jobs: number]>,
) {
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name: `tartfleet_${system}_${name}`, help, labelNames, registers: [registry] });
  const asked = counter("vms_total", `VMs that were asked for jobs of ${system}`, ["runner"]);
  const polls = counter("polls_total", "Answers to the question for waiting jobs, and failures to get one", [
    "outcome",
  ]);
  const forced = counter(
    "forced_total",
    "VMs that were ended because their job was said to be over twice, and no exit was seen",
    ["runner"],
  );
  const removed = counter(
    "removed_total",
    "Registered runners without a VM (ghost) that were removed, and VMs without a registered runner or a job (mute) that were ended",
    ["kind"],
  );
  const mismatched = new Gauge({
    name: `tartfleet_${system}_mismatched`,
    help: "Ghosts and mutes at the last look",
    labelNames: ["kind"],
    registers: [registry],
  });
  registry.registerMetric(
    new Gauge({
      name: `tartfleet_${system}_waiting_jobs`,
      help: "Jobs that wait for a runner",
      labelNames: ["runner"],
      registers: [],
      collect() {
        this.reset();
        for (const [runner, jobs] of waiting()) this.set({ runner }, jobs);
      },
    }),
  );
  return {
    asked: (runner: string, vms: number) => asked.inc({ runner }, vms),
    polled: (ok: boolean) => polls.inc({ outcome: ok ? "done" : "failed" }),
    forced: (runner: string) => forced.inc({ runner }),
    removed: (kind: "ghost" | "mute") => removed.inc({ kind }),
    found(ghosts: number, mutes: number): void {
      mismatched.set({ kind: "ghost" }, ghosts);
      mismatched.set({ kind: "mute" }, mutes);
    },
  };
}

export type PolledMetrics = ReturnType<typeof measurePolled>;
