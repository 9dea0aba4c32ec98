import type { Invariant } from "../invariant.ts";

/** S7: a credential is good for its own rows alone, and for nothing once it is revoked or its VM has ended. */
export function thievesGetNothing(): Invariant {
  let judged = 0;
  return {
    name: "thieves-get-nothing",
    check({ fleet }) {
      const { thefts } = fleet.world.ledger;
      for (const { what, status } of thefts.slice(judged)) {
        if (status !== undefined && status < 300) return `${what}: a stolen credential was good for it`;
      }
      judged = thefts.length;
      return undefined;
    },
  };
}
