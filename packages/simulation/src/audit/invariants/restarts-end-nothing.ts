import type { Invariant } from "../invariant.ts";

/** A lease, as slowly as a control plane's clock may go. */
const LEASE_MS = 29_000;

/** How much longer a silent host is waited for before what it was bringing up is tried elsewhere. */
const GRACE_MS = 59_000;

/**
 * Architecture §4.6: a restart of the control plane, however long, ends nothing, and neither does a time in
 * which it stood still: for a lease its agents can come back and tell, and no timer but a TTL strikes.
 */
export function restartsEndNothing(): Invariant {
  /** When something was last written about a VM: then its timer may have been set anew. */
  const heardAt = new Map<string, number>();
  return {
    name: "restarts-end-nothing",
    check({ fleet, events, now }) {
      const wokeAt = fleet.site.process().wokeAt();
      const startedAt = Math.max(fleet.site.startedAt(), wokeAt);
      // A host that was silent before it stood still had its lease; it has all the grace again.
      const givenUpFrom = Math.max(fleet.site.startedAt() + LEASE_MS, wokeAt) + GRACE_MS;
      for (const { vmId, source, type, data, message } of events) {
        const isStruck = source === "timer" && type !== "evidence" && !data.includes('"ttl"');
        // What was held back while it stood still is heard in the moment in which it wakes.
        const isOld = (heardAt.get(vmId) ?? Number.NEGATIVE_INFINITY) < startedAt;
        if (data.includes('"host_silent"') && now < givenUpFrom) {
          return `a host was given up ${Math.round((now - startedAt) / 1000)} s after a restart or a stop: VM ${vmId}: ${message}`;
        }
        if (isStruck && isOld && now - startedAt < LEASE_MS) {
          return `a timer struck ${Math.round((now - startedAt) / 1000)} s after a restart: VM ${vmId}: ${message}`;
        }
        heardAt.set(vmId, now);
      }
      return undefined;
    },
  };
}
