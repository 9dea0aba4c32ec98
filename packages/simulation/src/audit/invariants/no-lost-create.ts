import type { Invariant } from "../invariant.ts";

/** S3: what was acknowledged to a client exists, and an end has a reason. */
export function noLostCreate(): Invariant {
  return {
    name: "no-lost-create",
    check({ fleet, vms, isOfLostTime }) {
      for (const id of fleet.world.ledger.acknowledged) {
        if (!vms.has(id) && !isOfLostTime(id)) return `VM ${id} was acknowledged and is not there`;
      }
      for (const { id, state, endReason, endedAt } of vms.values()) {
        const isOver = state === "deleted" || state === "failed";
        if (isOver !== (endedAt !== null)) return `VM ${id} is ${state} and ended at ${endedAt}`;
        if (isOver && endReason === null) return `VM ${id} is ${state} without a reason`;
      }
      return undefined;
    },
  };
}
