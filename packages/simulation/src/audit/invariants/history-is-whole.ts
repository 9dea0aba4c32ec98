import type { Invariant } from "../invariant.ts";
import type { VmRow } from "../view.ts";

/** S9: the history is only added to, has no gaps, and tells every change of state in the same transaction. */
export function historyIsWhole(): Invariant {
  let last = 0;
  let states = new Map<string, string>();
  return {
    name: "history-is-whole",
    check({ events, vms }) {
      for (const { id, vmId, state } of events) {
        if (id !== last + 1) return `event ${id} follows event ${last}`;
        last = id;
        states.set(vmId, state);
      }
      for (const { id, state } of vms.values()) {
        if (states.get(id) !== state) return `VM ${id} is ${state}, its history ends with ${states.get(id)}`;
      }
      return undefined;
    },
    onRestored({ vms, events }) {
      last = events.at(-1)?.id ?? 0;
      states = new Map([...vms.values()].map(({ id, state }: VmRow) => [id, state]));
    },
  };
}
