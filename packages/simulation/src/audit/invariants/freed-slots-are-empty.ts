import type { Invariant } from "../invariant.ts";
import { instanceOf } from "../view.ts";

/** Architecture §4.3: an attempt that is written down as gone does not run on its host. */
export function freedSlotsAreEmpty(): Invariant {
  return {
    name: "freed-slots-are-empty",
    check({ fleet, attempts, hosts, isOfLostTime }) {
      const taken = new Set(attempts.map(({ instance }) => instance));
      for (const attempt of attempts) {
        // What another has taken over is judged by that one.
        if (attempt.instance === null && taken.has(instanceOf(attempt))) continue;
        if (attempt.goneAt === null || isOfLostTime(attempt.vmId)) continue;
        const host = hosts.find(({ id }) => id === attempt.hostId);
        const machine = fleet.hosts.find(({ hostName }) => hostName === host?.name)?.machine;
        const name = instanceOf(attempt);
        if (machine?.vms.get(name)?.run) return `${name} runs on ${machine.name} and its slot was freed`;
      }
      return undefined;
    },
  };
}
