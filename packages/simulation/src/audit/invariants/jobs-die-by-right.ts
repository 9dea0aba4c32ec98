import type { Invariant } from "../invariant.ts";
import { ownerOf, type VmRow } from "../view.ts";

/**
 * Architecture §4.5, by the machine's own evidence: an agent ends a run in which a job runs, of which the
 * control plane knew, only when a client or the TTL has ended the VM, a person took its host out of the fleet,
 * or the guest itself has.
 */
export function jobsDieByRight(): Invariant {
  const judged = new Set<string>();
  return {
    name: "jobs-die-by-right",
    check({ fleet, vms, attempts, isOfLostTime }) {
      const { ledger } = fleet.world;
      for (const instance of ledger.endedByAgent) {
        if (judged.has(instance)) continue;
        judged.add(instance);
        const ref = ownerOf(attempts, instance);
        if (!ref || isOfLostTime(ref.vmId) || !ledger.jobs.has(instance)) continue;
        const vm = vms.get(ref.vmId);
        if (!vm) return `${instance} was stopped during its job, and nobody knows its VM`;
        // A former attempt was given up before anybody knew of its job (`reasons-are-true`).
        if (vm.attempt !== ref.attempt) continue;
        const knew = vm.jobState !== "none";
        const isAllowed = isRight(vm.endReason) || ledger.hasSaid(vm.id, "job_hook");
        if (knew && !isAllowed) {
          return `${instance} was stopped during its job although VM ${vm.id} is ${vm.state} (${vm.endReason ?? "no end"})`;
        }
      }
      return undefined;
    },
  };
}

function isRight(reason: VmRow["endReason"]): boolean {
  return reason === "client" || reason === "ttl" || reason === "host_removed";
}
