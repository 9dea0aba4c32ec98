import { parseInstanceName } from "@tartfleet/shared";
import type { Invariant } from "../invariant.ts";
import { instanceOf } from "../view.ts";

/** How long an agent that is well and connected may take to remove what nobody wants: grace, ladder, retries. */
const GC_MS = 300_000;

/** S6: no instance of ours that the control plane does not want, later than that after a calm reconnect. */
export function nothingUnwantedStays(): Invariant {
  const since = new Map<string, number>();
  return {
    name: "nothing-unwanted-stays",
    check({ fleet, attempts, hosts, now }) {
      if (now < fleet.calmAt) return undefined;
      for (const { machine, hostName } of fleet.hosts) {
        const host = hosts.find(({ name }) => name === hostName);
        const known = new Set(
          attempts.filter(({ hostId, goneAt }) => hostId === host?.id && goneAt === null).map(instanceOf),
        );
        for (const name of machine.vms.keys()) {
          if (!parseInstanceName(name) || known.has(name)) {
            since.delete(name);
            continue;
          }
          const first = since.get(name) ?? now;
          since.set(name, first);
          if (now - first > GC_MS)
            return `${name} is on ${machine.name} for ${Math.round((now - first) / 1000)} s, unwanted`;
        }
      }
      return undefined;
    },
  };
}
