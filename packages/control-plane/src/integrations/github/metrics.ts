import { Counter, Gauge, type Registry } from "prom-client";
import type { Found } from "./sweeper.ts";

/** What the integration tells a monitoring system. Its metrics are there only where it is configured. */
export function measureGithub(
  registry: Registry,
  {
    waiting,
    welcome,
    left,
  }: {
    waiting(): Iterable<readonly [definition: string, jobs: number]>;
    welcome(): Iterable<readonly [definition: string, jobs: number]>;
    left(): number;
  },
) {
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const asked = counter("tartfleet_github_vms_total", "VMs that were asked for GitHub's jobs", ["runner"]);
  const minted = counter(
    "tartfleet_github_runners_total",
    "Runner credentials that were made, or were not to be had",
    ["runner", "outcome"],
  );
  const polls = counter(
    "tartfleet_github_polls_total",
    "Answers of scale sets' message queues, and failures to get one",
    ["runner", "outcome"],
  );
  const forced = counter(
    "tartfleet_github_forced_total",
    "VMs that were ended because GitHub said twice that their job was over, and no exit was seen",
    ["runner"],
  );
  const removed = counter(
    "tartfleet_github_removed_total",
    "Registered runners without a VM (ghost) that were removed, and VMs without a registered runner (mute) that were ended",
    ["kind"],
  );
  const reports = counter(
    "tartfleet_github_reports_total",
    "What commits were told of VMs that failed (done), and what GitHub did not take (failed)",
    ["runner", "outcome"],
  );
  const mismatched = new Gauge({
    name: "tartfleet_github_mismatched",
    help: "Ghosts and mutes at the last look",
    labelNames: ["kind"],
    registers: [registry],
  });
  const perRunner = (name: string, help: string, jobs: typeof waiting) =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ["runner"],
        registers: [],
        collect() {
          this.reset();
          for (const [runner, count] of jobs()) this.set({ runner }, count);
        },
      }),
    );
  perRunner("tartfleet_github_waiting_jobs", "Jobs of GitHub's that wait for a runner", waiting);
  perRunner(
    "tartfleet_github_welcome_jobs",
    "Jobs that GitHub may give a scale set at once, as it was told last",
    welcome,
  );
  registry.registerMetric(
    new Gauge({
      name: "tartfleet_github_rate_limit_left",
      help: "Share of the hour's requests to GitHub that is left, from 0 to 1",
      registers: [],
      collect() {
        this.set(left());
      },
    }),
  );
  const outcomeOf = (ok: boolean) => (ok ? "done" : "failed");
  return {
    asked: (runner: string, vms: number) => asked.inc({ runner }, vms),
    minted: (runner: string, ok: boolean) => minted.inc({ runner, outcome: outcomeOf(ok) }),
    polled: (runner: string, ok: boolean) => polls.inc({ runner, outcome: outcomeOf(ok) }),
    forced: (runner: string) => forced.inc({ runner }),
    reported: (runner: string, ok: boolean) => reports.inc({ runner, outcome: outcomeOf(ok) }),
    removed: (kind: "ghost" | "mute") => removed.inc({ kind }),
    found({ ghosts, mutes }: Found): void {
      mismatched.set({ kind: "ghost" }, ghosts);
      mismatched.set({ kind: "mute" }, mutes);
    },
  };
}
