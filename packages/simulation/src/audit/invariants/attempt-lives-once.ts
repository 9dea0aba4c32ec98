import type { Invariant } from "../invariant.ts";
import { parseInstanceName } from "@tartfleet/shared";

/** S2: an attempt is on one host at most, and its runner (with its one-time token) is started once at most. */
export function attemptLivesOnce(): Invariant {
  return {
    name: "attempt-lives-once",
    check({ fleet, isOfLostTime }) {
      const places = new Map<string, string>();
      for (const { machine } of fleet.hosts) {
        for (const { name, run, isForeign } of machine.vms.values()) {
          if (isForeign || !run || isOfLostTime(parseInstanceName(name)?.vmId ?? "")) continue;
          const other = places.get(name);
          if (other !== undefined) return `${name} runs on ${other} and on ${machine.name}`;
          places.set(name, machine.name);
        }
      }
      for (const [name, starts] of fleet.world.ledger.runnerStarts) {
        if (starts > 1 && !isOfLostTime(parseInstanceName(name)?.vmId ?? "")) {
          return `the runner of ${name} was started ${starts} times`;
        }
      }
      return undefined;
    },
  };
}
