import { imageParts, isTerminal } from "@tartfleet/shared";
import { Counter, Histogram, type Registry } from "prom-client";
import type { Changes } from "../changes.ts";

/** Seconds, from what a cached image takes to what a pull of a hundred gigabytes does. */
const BUCKETS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600];
/** So many repositories have a label of their own; whoever creates VMs chooses their names. */
const MOST_IMAGES = 200;

/** Counts and measures what VMs go through, step by step; nothing is labelled by VM. */
export function measureVms(registry: Registry, changes: Pick<Changes, "onApplied" | "onPhase">): () => void {
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
  const queueWait = new Histogram({
    name: "tartfleet_queue_wait_seconds",
    help: "How long VMs waited for a slot, for each wait that ended with one",
    labelNames: ["team"],
    buckets: BUCKETS,
    registers,
  });
  const phases = new Histogram({
    name: "tartfleet_vm_phase_seconds",
    help: "How long phases took that came to their end; run is from ready on, stop until it was seen gone",
    labelNames: ["phase", "image"],
    buckets: BUCKETS,
    registers,
  });
  const boots = new Histogram({
    name: "tartfleet_vm_bring_up_seconds",
    help: "From a slot to ready, for each attempt that came so far",
    labelNames: ["image"],
    buckets: BUCKETS,
    registers,
  });
  const rungs = new Histogram({
    name: "tartfleet_vm_stop_rung_seconds",
    help: "How long each rung of the stop ladder took",
    labelNames: ["rung", "outcome"],
    buckets: BUCKETS,
    registers,
  });
  const imageLabel = boundedLabels(MOST_IMAGES);

  const unsubscribes = [
    changes.onPhase(({ phase, team, image: reference, durationMs, measured, verdict, outcome }) => {
      const seconds = durationMs / 1000;
      const image = imageLabel(imageParts(reference)?.repository ?? reference);
      if (phase === "queued" && outcome === "done") queueWait.observe({ team }, seconds);
      if (phase !== "queued" && measured) phases.observe({ phase, image }, seconds);
      if (verdict !== null) attempts.inc({ image, outcome: verdict });
    }),
    changes.onApplied(({ vm, event, phase }) => {
      const { team, state } = vm;
      if (event?.type === "accepted") accepted.inc({ team });
      if (phase !== null && isTerminal(state))
        ended.inc({ team, state, reason: vm.end?.reason ?? "unknown" });
      if (event?.type === "state" && state === "ready" && vm.assignedAt !== null) {
        const image = imageLabel(imageParts(vm.spec.image)?.repository ?? vm.spec.image);
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

/** Values as they are, until there are too many different ones: those that come then are `other`. */
function boundedLabels(most: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.size < most) known.add(value);
    return known.has(value) ? value : "other";
  };
}
