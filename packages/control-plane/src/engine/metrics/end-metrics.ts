import { isTerminal } from "@tartfleet/shared";
import { Counter, Histogram, type Registry } from "prom-client";
import type { Changes } from "../changes.ts";

/** Times at which a VM's end was told; milliseconds. */
interface Told {
  hook?: number;
  exit?: number;
}

/** Measures how VMs end: from the job's hook to the runner's exit, and from there until they were seen gone. */
export function measureEnds(
  registry: Registry,
  changes: Pick<Changes, "onApplied" | "onLeftoverGone">,
  buckets: number[],
): () => void {
  const registers = [registry];
  const parts = new Histogram({
    name: "tartfleet_vm_end_seconds",
    help: "From the job's hook to the runner's exit, and from the last of the two until it was seen gone",
    labelNames: ["from", "to"],
    buckets,
    registers,
  });
  const reclaimed = new Counter({
    name: "tartfleet_instances_reclaimed_total",
    help: "Instances that were left on a host and are gone: of an attempt given_up before, or of a VM that is unknown",
    labelNames: ["kind"],
    registers,
  });
  for (const kind of ["given_up", "unknown"]) reclaimed.inc({ kind }, 0);
  /** Of VMs whose end was announced and that are not gone. After a restart theirs is not measured. */
  const ending = new Map<string, Told>();

  const unsubscribes = [
    changes.onApplied(({ vm, event }) => {
      if (event?.type === "end_announced") {
        const at = Date.parse(event.at);
        const told = ending.get(vm.id) ?? {};
        if (event.data["phase"] === "job_hook") told.hook ??= at;
        else if (told.exit === undefined) {
          told.exit = at;
          if (told.hook !== undefined) parts.observe({ from: "hook", to: "exit" }, (at - told.hook) / 1000);
        }
        ending.set(vm.id, told);
      }
      if (!isTerminal(vm.state)) return;
      const told = ending.get(vm.id);
      const last = told?.exit ?? told?.hook;
      if (last !== undefined && vm.endedAt !== null) {
        parts.observe(
          { from: told?.exit === undefined ? "hook" : "exit", to: "gone" },
          (vm.endedAt - last) / 1000,
        );
      }
      ending.delete(vm.id);
    }),
    changes.onLeftoverGone((kind) => reclaimed.inc({ kind })),
  ];
  return () => {
    for (const unsubscribe of unsubscribes) unsubscribe();
  };
}
