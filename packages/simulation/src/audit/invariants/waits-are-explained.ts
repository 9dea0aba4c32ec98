import type { Invariant } from "../invariant.ts";
import type { View, VmRow } from "../view.ts";
import { DECISION_MS, DISK_MS } from "./queue-moves.ts";

/** Explaining costs more than most checks. */
const EVERY = 20;

/**
 * What a VM that waits is told is so: every registered host says something, once; and one that a host has room for
 * is soon placed, so that nobody waits who is told that nothing keeps him.
 */
export function waitsAreExplained(): Invariant {
  let checks = 0;
  let placing = new Map<string, number>();
  return {
    name: "waits-are-explained",
    check(view) {
      checks += 1;
      if (checks % EVERY !== 0 && placing.size === 0) return undefined;
      const before = placing;
      placing = new Map();
      for (const { id } of firstWaiting(view)) {
        const { waiting } = explain(view, id);
        if (!waiting) return `VM ${id} is queued, and explained as if it were not`;
        const { total, groups } = waiting.hosts;
        const sum = groups.reduce((all, { hosts }) => all + hosts, 0);
        if (sum !== total || total !== view.hosts.length) {
          return `VM ${id}: ${sum} of ${total} hosts say something, and there are ${view.hosts.length}`;
        }
        if (waiting.unblock.what !== "placing") continue;
        const since = before.get(id) ?? view.now;
        placing.set(id, since);
        if (view.now - since > DECISION_MS) return `VM ${id} waits, and is told that nothing keeps it`;
      }
      return undefined;
    },
    onRestored() {
      placing.clear();
    },
  };
}

function explain({ fleet }: View, id: string) {
  const serving = fleet.site.serving();
  if (!serving) throw new Error("no control plane serves");
  return serving.useCases.explainVm(id);
}

/** The VM that waits longest, where a control plane runs that could have placed it. */
function firstWaiting({ fleet, vms, now }: View): VmRow[] {
  const serving = fleet.site.serving();
  if (!serving || serving.process.wasStoppedSince(now - DECISION_MS)) return [];
  if (fleet.site.disks.wasTroubledSince(now - DISK_MS)) return [];
  const first = [...vms.values()].find(({ state }) => state === "queued");
  return first ? [first] : [];
}
