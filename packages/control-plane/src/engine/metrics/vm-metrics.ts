import { END_REASONS, isTerminal } from "@tartfleet/shared";
import { Counter, Histogram, type Registry } from "prom-client";
import type { Changes } from "../changes.ts";

/**
 * Counts and measures what VMs go through, step by step; nothing is labelled by VM.
 *
 * @param labelOf labels of images and teams
 * @param buckets of histograms; seconds
 */
export function measureVms(
  registry: Registry,
  changes: Pick<Changes, "onApplied" | "onPhase">,
  labelOf: Record<"image" | "team", (name: string) => string>,
  buckets: number[],
): () => void {
  const registers = [registry];
  const accepted = new Counter({
    name: "tartfleet_vms_accepted_total",
    help: "VMs that were asked for and accepted",
    labelNames: ["team"],
    registers,
  });
  const ended = new Counter({
    name: "tartfleet_vms_ended_total",
    help: "VMs that came to their end: deleted as they were to be, or failed",
    labelNames: ["team", "state", "reason"],
    registers,
  });
  const attempts = new Counter({
    name: "tartfleet_vm_attempts_total",
    help: "Attempts to bring a VM up, by what became of them: ready, or the error's code",
    labelNames: ["image", "outcome"],
    registers,
  });
  const secondJobs = new Counter({
    name: "tartfleet_second_jobs_total",
    help: "Jobs that a runner said it had started although its VM had had its one job",
    labelNames: ["team"],
    registers,
  });
  const queueWait = new Histogram({
    name: "tartfleet_queue_wait_seconds",
    help: "How long VMs waited for a slot, for each wait that ended with one",
    labelNames: ["team"],
    buckets,
    registers,
  });
  const phases = new Histogram({
    name: "tartfleet_vm_phase_seconds",
    help: "How long phases took that came to their end; run is from ready on, stop until it was seen gone",
    labelNames: ["phase", "image"],
    buckets,
    registers,
  });
  const boots = new Histogram({
    name: "tartfleet_vm_bring_up_seconds",
    help: "From a slot to ready, for each attempt that came so far",
    labelNames: ["image"],
    buckets,
    registers,
  });
  const rungs = new Histogram({
    name: "tartfleet_vm_stop_rung_seconds",
    help: "How long each rung of the stop ladder took",
    labelNames: ["rung", "outcome"],
    buckets,
    registers,
  });

  const begun = new Set<string>();
  /** From 0 on, or Prometheus would not see that the first of a kind came. */
  function beginTeam(team: string): void {
    if (begun.has(team)) return;
    begun.add(team);
    secondJobs.inc({ team }, 0);
    for (const [reason, { outcome }] of Object.entries(END_REASONS)) {
      ended.inc({ team, state: outcome, reason }, 0);
    }
  }

  const unsubscribes = [
    changes.onPhase(({ phase, durationMs, measured, verdict, outcome, ...of }) => {
      const seconds = durationMs / 1000;
      const image = labelOf.image(of.image);
      const team = labelOf.team(of.team);
      if (phase === "queued" && outcome === "done") queueWait.observe({ team }, seconds);
      if (phase !== "queued" && measured) phases.observe({ phase, image }, seconds);
      if (verdict !== null) attempts.inc({ image, outcome: verdict });
    }),
    changes.onApplied(({ vm, event, phase }) => {
      const { state } = vm;
      const team = labelOf.team(vm.team);
      if (event?.type === "accepted") {
        beginTeam(team);
        accepted.inc({ team });
      }
      if (event?.data["isSecondJob"] === true) secondJobs.inc({ team });
      if (phase !== null && isTerminal(state))
        ended.inc({ team, state, reason: vm.end?.reason ?? "unknown" });
      if (event?.type === "state" && state === "ready" && vm.assignedAt !== null) {
        const image = labelOf.image(vm.spec.image);
        boots.observe({ image }, ((vm.readyAt ?? vm.stateSince) - vm.assignedAt) / 1000);
      }
      if (event?.type === "stop_rung") {
        const { rung, outcome, milliseconds } = event.data;
        rungs.observe({ rung: String(rung), outcome: String(outcome) }, Number(milliseconds) / 1000);
      }
    }),
  ];
  return () => {
    for (const unsubscribe of unsubscribes) unsubscribe();
  };
}
