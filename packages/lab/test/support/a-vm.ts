import { vmRecordSchema, type VmRecord } from "@tartfleet/shared";

/** A record as the API gives it, for what shows records. */
export function aVm(parts: Partial<VmRecord> = {}): VmRecord {
  const at = "2026-01-01T00:00:00.000Z";
  return vmRecordSchema.parse({
    id: "abcdefgh12345678",
    name: "vm-01",
    team: "default",
    state: "queued",
    stateSince: at,
    image: "registry.example.com/macos/runner:latest",
    channel: null,
    imageDigest: null,
    os: "macos",
    cpu: null,
    memoryMiB: null,
    diskGiB: null,
    hostLabels: {},
    preferredHostLabels: {},
    labels: {},
    priority: "default",
    jobId: "build-01",
    runner: { kind: "github" },
    envNames: [],
    run: {},
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
    createdAt: at,
    assignedAt: null,
    readyAt: null,
    endedAt: null,
    ...parts,
  });
}
