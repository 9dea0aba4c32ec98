import type { Invariant } from "../invariant.ts";
import { instanceOf, type View, type VmRow } from "../view.ts";

/** A step apart at most, and what the clocks may differ. */
const SLACK_MS = 2000;

/**
 * A VM that somebody holds is not stopped before its hold is over: only by a client, or because its guest or its host
 * ended, or a person had its host emptied or taken out.
 */
export function holdsHold(): Invariant {
  let before: ReadonlyMap<string, VmRow> = new Map();
  return {
    name: "holds-hold",
    check(view) {
      const was = before;
      before = view.vms;
      const now = view.fleet.site.serving()?.process.clock.now();
      for (const vm of view.vms.values()) {
        const old = was.get(vm.id);
        const isEnding = vm.state === "stopping" || vm.endedAt !== null;
        if (!old || !isEnding || (old.state !== "ready" && old.state !== "draining")) continue;
        const until = old.holdUntil ?? 0;
        if (now === undefined || until <= now + SLACK_MS || view.isOfLostTime(vm.id)) continue;
        if (!isRight(vm, view)) {
          return `VM ${vm.id} was stopped ${Math.round((until - now) / 1000)} s before its hold was over`;
        }
      }
      return undefined;
    },
    onRestored({ vms }) {
      before = vms;
    },
  };
}

function isRight(vm: VmRow, { fleet, attempts, hosts }: View): boolean {
  const { ledger } = fleet.world;
  const own = attempts.find(({ vmId, attempt }) => vmId === vm.id && attempt === vm.attempt);
  const instance = instanceOf(own ?? { vmId: vm.id, attempt: vm.attempt, instance: null });
  const host = hosts.find(({ id }) => id === vm.hostId);
  return (
    ledger.endAsked.has(vm.id) ||
    ledger.endedByItself.has(instance) ||
    !host ||
    ledger.drainsThatEnd.has(host.name)
  );
}
