import type { Invariant } from "../invariant.ts";

/** A guest asks for its end some times, ever more seldom, and then powers off. */
const LATE_MS = 900_000;

/** A runner to which no job comes is ended by its guest, when it has a time to wait. */
export function idleRunnersEnd(): Invariant {
  return {
    name: "idle-runners-end",
    check({ fleet, now, isOfLostTime }) {
      for (const [instance, { vmId, until }] of fleet.world.ledger.idleUntil) {
        if (isOfLostTime(vmId) || now < until + LATE_MS) continue;
        return `${instance} waits for a job ${Math.round((now - until) / 1000)} s longer than it may`;
      }
      return undefined;
    },
  };
}
