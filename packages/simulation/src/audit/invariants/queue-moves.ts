import { AGEING_MS } from "../../fleet/control-plane.ts";
import type { Invariant } from "../invariant.ts";
import { isHeldBack } from "../shares.ts";
import { fits, isLargeOn, largeOnesWaiting } from "../room.ts";
import type { HostRow, View, VmRow } from "../view.ts";

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

function waitingBesideRoom(view: View): VmRow[] {
  const { fleet, vms, attempts, hosts, now } = view;
  const waiting = [...vms.values()].filter(
    ({ state, resolution }) => state === "queued" && resolution !== "waiting",
  );
  const serving = fleet.site.serving();
  if (waiting.length === 0 || !serving || serving.process.wasStoppedSince(now - DECISION_MS)) return [];
  // Nothing is decided that cannot be written down.
  if (fleet.site.disks.wasTroubledSince(now - DISK_MS)) return [];
  // What warm VMs hold counts as free: as long as they stand by they are in somebody's way, and once they have been
  // told to go they take their time.
  const isWarm = ({ vmId }: { vmId: string }) => vms.get(vmId)?.pool != null;
  const held = attempts.filter((attempt) => !isWarm(attempt) || attempt.want === "gone");
  const leavers = held.filter((attempt) => isWarm(attempt) && attempt.goneAt === null);
  const leaving = leavers.length;
  const open = hosts.filter((host) => host.isCordoned === 0);
  const roomFor = (vm: VmRow) => (vm.os === "macos" ? { vms, attempts: held } : view);
  // What is left beside one that leaves is for the VM that it makes room for, and that needs the rest as well.
  const isSpokenFor = (host: HostRow) => leavers.some(({ hostId }) => hostId === host.id);
  const mayTake = ({ os }: VmRow, host: HostRow) => os === "macos" || !isSpokenFor(host);
  const hostsOf = new Map(
    waiting.map((vm) => [vm, open.filter((host) => mayTake(vm, host) && fits(vm, host, roomFor(vm)))]),
  );
  if ([...hostsOf.values()].every(({ length }) => length === 0)) return [];
  const connected = new Set(
    serving.useCases.listHosts().flatMap((host) => (host.connected ? [host.name] : [])),
  );
  const keptSince = serving.process.clock.now() - AGEING_MS + DECISION_MS;
  const isKept = largeOnesWaiting(view).some(({ createdAt }) => createdAt <= keptSince);
  const beside = waiting.filter((vm) => {
    if (isHeldBack(vm, view)) return false;
    const there = hostsOf.get(vm)?.filter(({ name }) => connected.has(name)) ?? [];
    // One of them may be kept for larger ones.
    return there.length > 1 || there.some((host) => !isKept || isLargeOn(vm, host));
  });
  // Each of those that leave makes room for one that waits, on a host that has not failed of late.
  const macs = beside.filter(({ os }) => os === "macos").slice(leaving);
  return [...macs, ...beside.filter(({ os }) => os === "linux")];
}
