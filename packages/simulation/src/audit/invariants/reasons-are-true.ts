import type { Invariant } from "../invariant.ts";
import type { View, VmRow } from "../view.ts";
import { instanceOf } from "../view.ts";

/**
 * Architecture §4.5 and §4.6: a VM that was ready, or whose job has started, ends for a reason that is really
 * so: its guest said it, a client asked, its time ran out, or its run is really over. Never by a guess, and
 * not because somebody was restarted or cut off.
 */
export function reasonsAreTrue(): Invariant {
  let before: ReadonlyMap<string, VmRow> = new Map();
  return {
    name: "reasons-are-true",
    check(view) {
      const was = before;
      before = view.vms;
      for (const vm of view.vms.values()) {
        const old = was.get(vm.id);
        if (!old || view.isOfLostTime(vm.id)) continue;
        if (old.jobState === "started" && old.state !== "queued" && vm.state === "queued") {
          return `VM ${vm.id} had a job running in attempt ${old.attempt} and was put back into the queue`;
        }
        const isNew = old.endReason === null && vm.endReason !== null;
        if (!isNew || (vm.readyAt === null && vm.jobState === "none")) continue;
        if (!isTrue(vm, view)) return `VM ${vm.id} ended because of ${vm.endReason}, which is not so`;
      }
      return undefined;
    },
    onRestored({ vms }) {
      before = vms;
    },
  };
}

function isTrue(vm: VmRow, view: View): boolean {
  const { fleet, attempts } = view;
  const { ledger } = fleet.world;
  const own = attempts.find(({ vmId, attempt }) => vmId === vm.id && attempt === vm.attempt);
  const instance = instanceOf(own ?? { vmId: vm.id, attempt: vm.attempt, instance: null });
  const isOver = ledger.endedByItself.has(instance);
  const said = (what: "job_hook" | "runner_exited") => ledger.hasSaidOf(vm.id, vm.attempt, what);
  switch (vm.endReason) {
    case "no_job":
      return ledger.hasSaidOf(vm.id, vm.attempt, "no_job") && !ledger.hadJob.has(instance);
    case "runner_exited":
      return said("runner_exited");
    case "hook_grace_forced":
      return said("job_hook");
    case "client":
      return ledger.endAsked.has(vm.id) || isDrained(vm, view);
    case "ttl":
      // To the clock of the control plane; a step apart at most.
      return vm.expiresAt !== null && vm.expiresAt <= fleet.site.process().clock.now() + 1000;
    case "guest_shutdown":
    case "guest_crashed":
    case "instance_lost":
      return isOver;
    case "start_failed":
      return isOver && vm.jobState === "none";
    // Of VMs that were never ready.
    case "handed_over":
    case "pool_released":
    case "host_removed":
      return isRemoved(vm, view);
    case "queue_timeout":
    // Of an integration, which the simulated control plane has none of.
    case "job_over":
    case "not_registered":
    case "not_needed":
    case "image_not_found":
    case null:
      return false;
    default:
      return vm.endReason satisfies never;
  }
}

/** A person asked for its host's drain to end what is left at its deadline, and that has come. */
function isDrained({ hostId }: VmRow, { fleet, hosts }: View): boolean {
  const host = hosts.find(({ id }) => id === hostId);
  if (!host || !fleet.world.ledger.drainsThatEnd.has(host.name)) return false;
  return host.drainUntil === null || host.drainUntil <= fleet.site.process().clock.now() + 1000;
}

/** Its host is no longer of the fleet, and a person asked for that with all that was on it. */
function isRemoved({ hostId }: VmRow, { fleet, removedHosts }: View): boolean {
  const host = removedHosts.find(({ id }) => id === hostId);
  return host !== undefined && fleet.world.ledger.forcedRemovals.has(host.name);
}
