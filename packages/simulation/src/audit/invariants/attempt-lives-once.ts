import type { Invariant } from "../invariant.ts";
import { ownerOf } from "../view.ts";
import { parseInstanceName } from "@tartfleet/shared";

/** S2: an attempt is on one host at most, and its runner (with its one-time token) is started once at most. */
export function attemptLivesOnce(): Invariant {
  return {
    name: "attempt-lives-once",
    check({ fleet, attempts, isOfLostTime }) {
      const isLost = (name: string) =>
        isOfLostTime(parseInstanceName(name)?.vmId ?? "") ||
        isOfLostTime(ownerOf(attempts, name)?.vmId ?? "");
      const places = new Map<string, string>();
      for (const { machine } of fleet.hosts) {
        for (const { name, run, isForeign } of machine.vms.values()) {
          if (isForeign || !run || isLost(name)) continue;
          const other = places.get(name);
          if (other !== undefined) return `${name} runs on ${other} and on ${machine.name}`;
          places.set(name, machine.name);
        }
      }
      for (const [name, starts] of fleet.world.ledger.runnerStarts) {
        if (starts > 1 && !isLost(name)) {
          return `the runner of ${name} was started ${starts} times`;
        }
      }
      return undefined;
    },
  };
}
