import type { Invariant } from "../invariant.ts";
import { instanceOf, type View } from "../view.ts";

/** Trying credentials costs more than most checks. */
const EVERY = 20;

/**
 * A host leaves the fleet only when it is empty or by force; then nothing of it is wanted any more, nothing is placed
 * on it, no VM is there, and its credential is good for nothing.
 */
export function removalsHold(): Invariant {
  let checks = 0;
  let busy: ReadonlySet<number> = new Set();
  let removed: ReadonlySet<number> = new Set();
  const remember = ({ attempts, removedHosts }: View) => {
    busy = new Set(attempts.filter(({ goneAt }) => goneAt === null).map(({ hostId }) => hostId));
    removed = new Set(removedHosts.map(({ id }) => id));
  };
  return {
    name: "removals-hold",
    check(view) {
      const [wasBusy, before] = [busy, removed];
      remember(view);
      checks += 1;
      if (removed.size > 0 && checks % EVERY === 0 && hasEntry(view, removed)) {
        return "the credential of a host that was taken out of the fleet is still good";
      }
      for (const { id, name } of view.removedHosts) {
        const left = view.attempts.find(({ hostId, goneAt }) => hostId === id && goneAt === null);
        if (left) return `${instanceOf(left)} holds room on ${name}, which was taken out of the fleet`;
        const isForced = view.fleet.world.ledger.forcedRemovals.has(name);
        if (!before.has(id) && wasBusy.has(id) && !isForced) {
          return `${name} was taken out of the fleet with VMs on it, and nobody has forced it`;
        }
      }
      for (const vm of view.vms.values()) {
        if (vm.endedAt === null && vm.hostId !== null && removed.has(vm.hostId))
          return `VM ${vm.id} is ${vm.state} on a host that was taken out of the fleet`;
      }
      return undefined;
    },
    onRestored: remember,
  };
}

function hasEntry({ fleet }: View, removed: ReadonlySet<number>): boolean {
  const useCases = fleet.site.serving()?.useCases;
  return [...fleet.world.ledger.formerCredentials].some((credential) => {
    const principal = useCases?.authenticate(credential);
    return principal?.kind === "host" && removed.has(principal.hostId);
  });
}
