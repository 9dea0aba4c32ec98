import { instanceName } from "@tartfleet/shared";
import type { Invariant } from "../invariant.ts";
import { instanceOf } from "../view.ts";

/**
 * S2: what a guest is set up with is given to the host of that attempt alone. (That no guest's runner is
 * started twice with it is seen by `attempt-lives-once`.)
 */
export function secretsReachOneHost(): Invariant {
  let judged = 0;
  return {
    name: "secrets-reach-one-host",
    check({ fleet, attempts, hosts, removedHosts, isOfLostTime }) {
      const { handedOut } = fleet.world.ledger;
      for (const { hostName, vmId, attempt } of handedOut.slice(judged)) {
        if (isOfLostTime(vmId)) continue;
        const placed = attempts.find((row) => instanceOf(row) === instanceName(vmId, attempt));
        const host = [...hosts, ...removedHosts].find(({ id }) => id === placed?.hostId);
        if (host?.name !== hostName) {
          return `the secrets of ${instanceName(vmId, attempt)} were given to ${hostName}, not to ${host?.name}`;
        }
      }
      judged = handedOut.length;
      return undefined;
    },
  };
}
