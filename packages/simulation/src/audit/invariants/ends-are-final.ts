import type { Invariant } from "../invariant.ts";
import type { View, VmRow } from "../view.ts";

/** S4: an ended VM stays as it ended, attempts only count up, and a reason once given is kept. */
export function endsAreFinal(): Invariant {
  let before: ReadonlyMap<string, VmRow> = new Map();
  let endedEvents = new Set<string>();
  return {
    name: "ends-are-final",
    check({ vms, events }) {
      for (const row of vms.values()) {
        const old = before.get(row.id);
        if (!old) continue;
        if (row.attempt < old.attempt)
          return `VM ${row.id} went back from attempt ${old.attempt} to ${row.attempt}`;
        if (
          old.endedAt !== null &&
          (row.state !== old.state || row.endReason !== old.endReason || row.endedAt !== old.endedAt)
        ) {
          return `VM ${row.id} had ended (${old.state}, ${old.endReason}) and is now ${row.state}, ${row.endReason}`;
        }
        if (old.endReason !== null && old.endReason !== row.endReason) {
          return `VM ${row.id} ended because of ${old.endReason}, now because of ${row.endReason}`;
        }
      }
      for (const id of before.keys()) if (!vms.has(id)) return `VM ${id} has vanished`;
      for (const { vmId, state } of events) {
        if (endedEvents.has(vmId)) return `VM ${vmId} has a history after its end`;
        if (state === "deleted" || state === "failed") endedEvents.add(vmId);
      }
      before = vms;
      return undefined;
    },
    onRestored({ vms }: View) {
      before = vms;
      endedEvents = new Set([...vms.values()].filter(({ endedAt }) => endedAt !== null).map(({ id }) => id));
    },
  };
}
