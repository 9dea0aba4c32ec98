import type { Invariant } from "../invariant.ts";

/** How late a deadline may be acted upon: a group of steps must be written. */
const SWEEP_MS = 2000;
/** A life of the control plane gives everybody a lease to come back before anything runs out. */
const START_MS = 35_000;

/** After a full or locked disk: a group's last tries and a pause. */
const DISK_MS = 10_000;

/** L2: no VM that lives is past its deadline, while a control plane runs that is not stopped. */
export function nothingOverdue(): Invariant {
  let servingSince: { process: object; at: number } | undefined;
  return {
    name: "nothing-overdue",
    check({ fleet, vms, now }) {
      const serving = fleet.site.serving();
      if (!serving) return undefined;
      if (servingSince?.process !== serving.process) servingSince = { process: serving.process, at: now };
      if (serving.process.wasStoppedSince(now - START_MS) || now - servingSince.at < START_MS)
        return undefined;
      // What the disk does not take is tried again every second; it is overdue through no fault of the fleet's.
      if (fleet.site.disks.wasTroubledSince(now - DISK_MS)) return undefined;
      const clock = serving.process.clock.now();
      for (const { id, state, deadlineAt, endedAt } of vms.values()) {
        if (endedAt !== null || deadlineAt === null || deadlineAt > clock - SWEEP_MS) continue;
        return `VM ${id} is ${state}, ${Math.round((clock - deadlineAt) / 1000)} s past its deadline`;
      }
      return undefined;
    },
  };
}
