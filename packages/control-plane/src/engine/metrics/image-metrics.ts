import { Counter, type Registry } from "prom-client";
import { imageOf } from "../../domain/vm.ts";
import type { Parts } from "../parts.ts";

/**
 * Counts what images cost: whether they were on the host when a VM was placed there, and what was fetched for VMs.
 *
 * @param labelOf an image's label
 */
export function countImages(
  registry: Registry,
  { changes, fleet }: Pick<Parts, "changes" | "fleet">,
  labelOf: (reference: string) => string,
): () => void {
  const counter = (name: string, help: string) =>
    new Counter({ name, help, labelNames: ["image"], registers: [registry] });
  const hits = counter("tartfleet_image_cache_hits_total", "VMs placed where their image was");
  const misses = counter("tartfleet_image_cache_misses_total", "VMs placed where their image was not");
  const bytes = counter(
    "tartfleet_image_pull_bytes_total",
    "What hosts fetched for VMs, compressed; of pulls that came to their end",
  );
  /** How much the pull of a VM fetches, until that pull is over. */
  const pulling = new Map<string, number>();

  return changes.onApplied(({ vm, phase }) => {
    const image = labelOf(vm.spec.image);
    if (phase?.phase === "queued" && vm.state === "assigned" && vm.hostId !== null) {
      const isThere = fleet.view.rooms.room(vm.hostId)?.images.has(imageOf(vm)) ?? false;
      // Both from 0 on, or a part of the whole could not be told while one of them is not there.
      hits.inc({ image }, isThere ? 1 : 0);
      misses.inc({ image }, isThere ? 0 : 1);
    }
    if (vm.state === "pulling" && vm.pullTotalBytes !== null) pulling.set(vm.id, vm.pullTotalBytes);
    if (phase?.phase !== "pulling") return;
    if (phase.outcome === "done") bytes.inc({ image }, pulling.get(vm.id) ?? 0);
    pulling.delete(vm.id);
  });
}
