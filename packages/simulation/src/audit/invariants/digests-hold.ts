import type { Invariant } from "../invariant.ts";
import { ownerOf, type View, type VmRow } from "../view.ts";
import { DECISION_MS, DISK_MS } from "./queue-moves.ts";

/** So long a VM waits to know what its tag stands for, by a clock that may be slow. */
const PATIENCE_MS = 31_000;

/**
 * peers §4 row 22: what a VM's tag stands for is found out once. All of its attempts run that image, it is placed
 * nowhere before, and nobody is waited for without end.
 */
export function digestsHold(): Invariant {
  let before: ReadonlyMap<string, VmRow> = new Map();
  let since = new Map<string, number>();
  return {
    name: "digests-hold",
    check(view) {
      const was = before;
      before = view.vms;
      for (const vm of view.vms.values()) {
        const known = was.get(vm.id)?.digest ?? null;
        if (known !== null && vm.digest !== known)
          return `VM ${vm.id} was of ${known} and is of ${vm.digest}`;
        if (vm.resolution === "waiting" && vm.attempt > 0)
          return `VM ${vm.id} was placed before it was known what its tag stands for`;
      }
      const asked = since;
      since = new Map(waiting(view).map(({ id }) => [id, asked.get(id) ?? view.now]));
      for (const [id, from] of since) {
        if (view.now - from > PATIENCE_MS + DECISION_MS)
          return `VM ${id} waits since ${Math.round((view.now - from) / 1000)} s for the digest of its tag`;
      }
      return misled(view);
    },
    onRestored({ vms }) {
      before = vms;
      since.clear();
    },
  };
}

/** Those who wait for a digest, where a control plane has run for as long as it takes. */
function waiting({ fleet, vms, now }: View): VmRow[] {
  const serving = fleet.site.serving();
  if (!serving || now - fleet.site.startedAt() < DECISION_MS) return [];
  if (serving.process.wasStoppedSince(now - DECISION_MS)) return [];
  if (fleet.site.disks.wasTroubledSince(now - DISK_MS)) return [];
  return [...vms.values()].filter(({ state, resolution }) => state === "queued" && resolution === "waiting");
}

/** An instance that is of another image than its VM. */
function misled({ fleet, vms, attempts, isOfLostTime }: View): string | undefined {
  for (const { machine } of fleet.hosts) {
    for (const { name, digest } of machine.vms.values()) {
      const vm = vms.get(ownerOf(attempts, name)?.vmId ?? "");
      if (!vm || vm.digest === null || digest === vm.digest || isOfLostTime(vm.id)) continue;
      return `${name} on ${machine.name} is of ${digest}, its VM of ${vm.digest}`;
    }
  }
  return undefined;
}
