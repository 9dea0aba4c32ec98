import type { Invariant } from "../invariant.ts";
import type { View, VmRow } from "../view.ts";

/** One decision and the group of steps that carries it out. */
export const DECISION_MS = 2000;

/** After a full or locked disk: a group's last tries and a pause. */
export const DISK_MS = 10_000;

/** For each attempt that failed: the room may be where it failed. */
const REST_MS = 60_000;

/** L1: nobody waits in the queue beside room for it, while a control plane runs that is not stopped. */
export function queueMoves(): Invariant {
  let since = new Map<string, number>();
  return {
    name: "queue-moves",
    check(view) {
      const before = since;
      since = new Map(waitingBesideRoom(view).map(({ id }) => [id, before.get(id) ?? view.now]));
      for (const [id, from] of since) {
        const attempts = view.vms.get(id)?.attempt ?? 0;
        if (view.now - from > DECISION_MS + attempts * REST_MS) {
          return `VM ${id} waits since ${Math.round((view.now - from) / 1000)} s although there is room for it`;
        }
      }
      return undefined;
    },
  };
}

function waitingBesideRoom({ fleet, vms, attempts, hosts, now }: View): VmRow[] {
  const waiting = [...vms.values()].filter(
    ({ state, resolution }) => state === "queued" && resolution !== "waiting",
  );
  const serving = fleet.site.serving();
  if (waiting.length === 0 || !serving || serving.process.wasStoppedSince(now - DECISION_MS)) return [];
  // Nothing is decided that cannot be written down.
  if (fleet.site.disks.wasTroubledSince(now - DISK_MS)) return [];
  const { slots } = serving.useCases.capacity();
  // What warm VMs hold counts as free: as long as they stand by they are in somebody's way, and once they have been
  // told to go they take their time.
  const leaving = attempts.filter(
    ({ vmId, want, goneAt }) => want === "gone" && goneAt === null && vms.get(vmId)?.pool != null,
  ).length;
  const free = slots.free - leaving;
  const connected = slots.free + slots.busy + slots.phantom;
  // Each of those that leave makes room for one that waits, on a host that has not failed of late.
  const macs = waiting.filter(({ os }) => os === "macos" && free > 0).slice(leaving);
  if (hosts.some(({ isCordoned }) => isCordoned === 1)) return macs;
  return [...macs, ...waiting.filter(({ os }) => os === "linux" && connected > 0)];
}
