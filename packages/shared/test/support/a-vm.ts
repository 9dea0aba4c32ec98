import { vmRecordSchema, type CreateVm, type VmRecord } from "../../src/index.ts";

const AT = "2026-01-01T00:00:00.000Z";

/**
 * A VM's record as the API gives it right after the VM was accepted, for what shows records and for stand-ins of the
 * control plane.
 *
 * @param parts what is otherwise in it
 * @param asked the create that it answers
 */
export function aVm(parts: Partial<VmRecord> = {}, asked: Partial<CreateVm> = {}): VmRecord {
  const { id = "abcdefgh12345678", createdAt = AT } = parts;
  return vmRecordSchema.parse({
    id,
    name: asked.name ?? `vm-${id}`,
    team: "default",
    state: "queued",
    stateSince: createdAt,
    image: asked.image ?? "ghcr.io/org/image:15",
    channel: null,
    pool: null,
    imageDigest: null,
    os: asked.os ?? "macos",
    cpu: asked.cpu ?? null,
    memoryMiB: asked.memoryMiB ?? null,
    diskGiB: asked.diskGiB ?? null,
    hostLabels: asked.hostLabels ?? {},
    preferredHostLabels: asked.preferredHostLabels ?? {},
    labels: asked.labels ?? {},
    priority: asked.priority ?? "default",
    jobId: asked.jobId ?? null,
    runner: asked.runner ? { kind: asked.runner.kind } : null,
    envNames: Object.keys(asked.env ?? {}),
    run: asked.run ?? {},
    host: null,
    slot: null,
    attempt: 0,
    ip: null,
    unreachableSince: null,
    pullPercent: null,
    pullBytes: null,
    pullTotalBytes: null,
    job: { state: "none", startedAt: null, endedAt: null, details: {} },
    scriptResult: null,
    end: null,
    hold: null,
    deadlineAt: null,
    expiresAt: null,
    createdAt,
    assignedAt: null,
    readyAt: null,
    endedAt: null,
    ...parts,
  } satisfies VmRecord);
}
