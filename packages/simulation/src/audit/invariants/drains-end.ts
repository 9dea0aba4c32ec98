import type { Invariant } from "../invariant.ts";
import type { HostRow, View } from "../view.ts";
import { DISK_MS } from "./queue-moves.ts";

/** How late it may be done: a group of steps for the host, and one for each of its VMs. */
const LATE_MS = 3000;

/** A cordon that has a time ends then, and of a drain's deadline somebody is told, restarts or not. */
export function drainsEnd(): Invariant {
  return {
    name: "drains-end",
    check({ fleet, hosts, now }: View) {
      const serving = fleet.site.serving();
      if (!serving || serving.process.wasStoppedSince(now - LATE_MS)) return undefined;
      if (now - fleet.site.startedAt() < LATE_MS || fleet.site.disks.wasTroubledSince(now - DISK_MS))
        return undefined;
      const clock = serving.process.clock.now() - LATE_MS;
      const late = hosts.find((host) => timesOf(host).some((time) => time < clock));
      return late && `nothing was done when the cordon of ${late.name} came to its time`;
    },
  };
}

function timesOf({ cordonedUntil, drainUntil }: HostRow): number[] {
  return [cordonedUntil, drainUntil].filter((time) => time !== null);
}
