import {
  CallError,
  DEFAULT_PRIORITY,
  type CordonRecord,
  isTerminal,
  type HostRecord,
  type VmRecord,
  type VmSummary,
} from "@tartfleet/shared";
import { slotUses, type HostOccupancy } from "../domain/capacity.ts";
import type { Cordon } from "../domain/cordon.ts";
import { pulledBytes } from "../domain/images/pulled-bytes.ts";
import { isKept } from "../domain/lifecycle/hold.ts";
import { deadlineOf, type Hold, type Vm } from "../domain/vm.ts";
import type { StoredHost } from "../store/host-rows.ts";
import type { Store } from "../store/store.ts";
import type { Leases } from "./leases.ts";
import { isCounted, labelsOf, occupancyOf } from "./fleet-view.ts";

/** The API's view of what the store holds. */
export function makeRecords(store: Store, leases: Leases, version: string) {
  /** Since when a host is silent; null when it is not. */
  const silentSince = (hostId: number, lastSeenAt: number | null): string | null =>
    leases.isConnected(hostId) ? null : iso(lastSeenAt);

  function vmRecord(vm: Vm): VmRecord {
    const { spec, end, job } = vm;
    const host = vm.hostId === null ? null : store.hostRow(vm.hostId);
    const live = !isTerminal(vm.state);
    return {
      id: vm.id,
      name: vm.name,
      team: vm.team,
      state: vm.state,
      stateSince: isoOf(vm.stateSince),
      image: spec.image,
      imageDigest: vm.imageDigest,
      channel: spec.channel ?? null,
      pool: spec.pool ?? null,
      os: spec.os,
      cpu: spec.cpu ?? null,
      memoryMiB: spec.memoryMiB ?? null,
      diskGiB: spec.diskGiB ?? null,
      hostLabels: spec.hostLabels,
      preferredHostLabels: spec.preferredHostLabels ?? {},
      labels: spec.labels,
      priority: spec.priority ?? DEFAULT_PRIORITY,
      jobId: spec.jobId ?? null,
      runner: spec.runnerKind === null ? null : { kind: spec.runnerKind },
      envNames: spec.envNames,
      run: spec.run,
      host: host?.name ?? null,
      slot: host === null ? null : (store.placeOf(vm.id, vm.attempt)?.slot ?? null),
      attempt: vm.attempt,
      ip: vm.ip,
      unreachableSince: live && host !== null ? silentSince(host.id, host.lastSeenAt) : null,
      pullPercent: vm.pullPercent,
      pullBytes: pulledBytes(vm.pullPercent, vm.pullTotalBytes),
      pullTotalBytes: vm.pullTotalBytes,
      job: {
        state: job.state,
        startedAt: iso(job.startedAt),
        endedAt: iso(job.endedAt),
        details: job.details,
      },
      scriptResult: vm.scriptResult,
      end,
      hold: vm.hold && live ? holdRecord(vm, vm.hold) : null,
      deadlineAt: iso(deadlineOf(vm)),
      expiresAt: iso(vm.expiresAt),
      createdAt: isoOf(vm.createdAt),
      assignedAt: iso(vm.assignedAt),
      readyAt: iso(vm.readyAt),
      endedAt: iso(vm.endedAt),
    };
  }

  function vmSummary(vm: Vm): VmSummary {
    const { scriptResult, ...rest } = vmRecord(vm);
    if (scriptResult === null) return { ...rest, scriptResult };
    const { output, ...short } = scriptResult;
    return { ...rest, scriptResult: short };
  }

  /** @throws CallError host_not_found */
  function requireHost(name: string): StoredHost {
    const host = store.host(name);
    if (!host) throw new CallError("host_not_found", `There is no host named ${name}.`);
    return host;
  }

  function hostRecord(host: StoredHost): HostRecord {
    return {
      name: host.name,
      connected: leases.isConnected(host.id),
      lastSeenAt: iso(host.lastSeenAt),
      unreachableSince: silentSince(host.id, host.lastSeenAt),
      machineId: host.machineId,
      labels: labelsOf(host),
      boundLabels: host.boundLabels,
      cordon: host.cordon && cordonRecord(host.cordon, host.occupants.length),
      slots: slotUses(occupancyOf(host)).map((state, slot) => {
        const occupant = host.occupants.find((candidate) => candidate.slot === slot);
        return { slot, vmId: occupant?.vmId ?? null, attempt: occupant?.attempt ?? null, state };
      }),
      linuxVms: host.occupants
        .filter(({ slot }) => slot === null)
        .map(({ vmId, attempt }) => ({ vmId, attempt })),
      agentIsBehind: agentIsBehind(host),
      facts: host.facts,
      createdAt: isoOf(host.createdAt),
    };
  }

  function agentIsBehind({ facts }: Pick<StoredHost, "facts">): boolean {
    return facts !== null && isOlder(facts.agentVersion, version);
  }

  function occupancy(host: StoredHost): HostOccupancy {
    return {
      ...occupancyOf(host, isCounted),
      connected: leases.isConnected(host.id),
      cordoned: host.cordon !== null,
      labels: labelsOf(host),
      images: host.facts?.images.map(({ reference }) => reference) ?? [],
    };
  }

  return {
    vmRecord,
    vmSummary,
    /** @throws CallError host_not_found */
    hostNamed: (name: string): HostRecord => hostRecord(requireHost(name)),
    /** @throws CallError host_not_found */
    hostIdOf: (name: string): number => requireHost(name).id,
    hostRecord,
    agentIsBehind,
    occupancy,
  };
}

function holdRecord(vm: Vm, { since, until, by, reason }: Hold): VmRecord["hold"] {
  return { since: isoOf(since), until: isoOf(until), by, reason, isKept: isKept(vm) };
}

/** Of versions like 1.10.2. */
function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, "en", { numeric: true }) < 0;
}

function cordonRecord({ by, reason, since, until, drain, breaker }: Cordon, left: number): CordonRecord {
  return {
    by,
    reason,
    since: isoOf(since),
    until: iso(until),
    drain: drain && {
      deadlineAt: isoOf(drain.deadlineAt),
      endVms: drain.endVms,
      isDone: left === 0,
      isOverdue: drain.isOverdue && left > 0,
    },
    breaker: breaker
      ? {
          trips: breaker.trips,
          probeAt: isoOf(breaker.probeAt),
          isProbing: breaker.probingSince !== null,
        }
      : null,
  };
}

export type Records = ReturnType<typeof makeRecords>;

export function isoOf(time: number): string {
  return new Date(time).toISOString();
}

export function iso(time: number | null): string | null {
  return time === null ? null : isoOf(time);
}
