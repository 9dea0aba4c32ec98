import type { Capacity, CreateVm, HostRecord, VmRecord } from "@tartfleet/shared";

const AT = "2026-01-01T00:00:00.000Z";

/** A VM as it is right after it was accepted. */
export function vmRecord(id: string, input: CreateVm, createdAt = new Date().toISOString()): VmRecord {
  return {
    id,
    team: "default",
    name: input.name ?? `vm-${id}`,
    state: "queued",
    stateSince: createdAt,
    image: input.image,
    imageDigest: null,
    os: input.os,
    cpu: input.cpu ?? null,
    memoryMiB: input.memoryMiB ?? null,
    diskGiB: input.diskGiB ?? null,
    hostLabels: input.hostLabels,
    labels: input.labels,
    priority: input.priority ?? "default",
    jobId: input.jobId ?? null,
    runner: input.runner ? { kind: input.runner.kind } : null,
    envNames: Object.keys(input.env),
    run: input.run,
    host: null,
    slot: null,
    attempt: 0,
    ip: null,
    unreachableSince: null,
    pullPercent: null,
    job: { state: "none", startedAt: null, endedAt: null, details: {} },
    scriptResult: null,
    end: null,
    deadlineAt: null,
    expiresAt: null,
    createdAt,
    assignedAt: null,
    readyAt: null,
    endedAt: null,
  };
}

export function hostRecord(name: string, change: Partial<HostRecord> = {}): HostRecord {
  return {
    name,
    connected: true,
    lastSeenAt: AT,
    unreachableSince: change.connected === false ? AT : null,
    machineId: `machine-${name}`,
    labels: { xcode: "16", rack: "b4" },
    boundLabels: { rack: "b4" },
    slots: [
      { slot: 0, vmId: "aaaabbbbccccdddd", attempt: 1, state: "busy" },
      { slot: 1, vmId: null, attempt: null, state: "phantom" },
    ],
    linuxVms: [],
    facts: {
      agentVersion: "0.1.0",
      tartVersion: "2.30.0",
      osVersion: "15.5",
      arch: "arm64",
      cpu: 12,
      memoryMiB: 32_768,
      diskTotalGiB: 926,
      diskFreeGiB: 411,
      labels: { xcode: "16" },
      images: [{ reference: "ghcr.io/org/image:15", sizeGiB: 31.25 }],
      foreign: [{ name: "somebodys-vm", os: "macos", running: true }],
      phantomSlots: 1,
    },
    createdAt: AT,
    ...change,
  };
}

export function capacityRecord(): Capacity {
  const slots = { total: 4, busy: 1, free: 1, phantom: 1, unreachable: 1, cordoned: 0 };
  return {
    slots,
    queued: 3,
    byHostLabel: [{ label: "xcode=16", ...slots }],
    byImage: [{ image: "ghcr.io/org/image:15", hosts: 2, free: 1, queued: 3, running: 1 }],
  };
}
