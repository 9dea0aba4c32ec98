import { AGEING_MS } from "../../fleet/control-plane.ts";
import type { Invariant } from "../invariant.ts";
import { isHeldBack } from "../shares.ts";
import { couldTake, isLargeOn, largeOnesWaiting } from "../room.ts";
import { instanceOf, type View, type VmRow } from "../view.ts";
import { DECISION_MS, DISK_MS } from "./queue-moves.ts";

/**
 * A VM that is too large to share a host and has waited for long has one kept for it: small ones are placed on some
 * of the hosts that could take it, not on each.
 */
export function largeOnesGetIn(): Invariant {
  let known: ReadonlySet<string> = new Set();
  /** Hosts that got small ones while the same one waited and the hosts were as they are. */
  let given: { to: Set<number>; during: string; since: number } | undefined;
  return {
    name: "large-ones-get-in",
    check(view) {
      const before = known;
      known = new Set(view.attempts.map(instanceOf));
      const waiting = firstOverdue(view);
      if (!waiting) return void (given = undefined);
      const { vm, hosts, during } = waiting;
      if (given?.during !== during) given = { to: new Set(), during, since: view.now };
      // What was more urgent may come first where room was made just now.
      if (view.now - given.since < DECISION_MS) return undefined;
      for (const attempt of view.attempts) {
        const [other, host] = [view.vms.get(attempt.vmId), hosts.find(({ id }) => id === attempt.hostId)];
        if (before.has(instanceOf(attempt)) || !other || !host || isLargeOn(other, host)) continue;
        given.to.add(host.id);
      }
      if (!hosts.every(({ id }) => given?.to.has(id))) return undefined;
      return `VM ${vm.id} is large and waits for long, and each host that could take it was given small ones since`;
    },
    onRestored(view) {
      known = new Set(view.attempts.map(instanceOf));
      given = undefined;
    },
  };
}

/** The one for which a host must be kept by now, the hosts that can be, and all by which that may change. */
function firstOverdue(view: View): { vm: VmRow; hosts: View["hosts"]; during: string } | undefined {
  const { fleet, now } = view;
  const serving = fleet.site.serving();
  const [vm] = largeOnesWaiting(view);
  if (!vm || isHeldBack(vm, view) || !serving || serving.process.wasStoppedSince(now - DECISION_MS))
    return undefined;
  if (fleet.site.disks.wasTroubledSince(now - DISK_MS) || vm.attempt > 0) return undefined;
  if (serving.process.clock.now() - vm.createdAt < AGEING_MS + DECISION_MS) return undefined;
  const connected = new Set(
    serving.useCases.listHosts().flatMap((host) => (host.connected ? [host.name] : [])),
  );
  const hosts = view.hosts.filter(
    (host) => connected.has(host.name) && host.isCordoned === 0 && couldTake(vm, host) && isLargeOn(vm, host),
  );
  if (hosts.length === 0) return undefined;
  const standing = hosts.map(({ id, epoch, phantoms }) => [id, epoch, phantoms]);
  return { vm, hosts, during: JSON.stringify([vm.id, fleet.site.startedAt(), standing]) };
}
