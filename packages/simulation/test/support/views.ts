import { sha256 } from "@tartfleet/control-plane/src/store/audit.ts";
import { AUDIT_BEGINNING, AUDIT_BEGUN, auditText, type AuditRecord } from "@tartfleet/shared";
import type { AttemptRow, EventRow, View, VmRow } from "../../src/audit/view.ts";
import type { Fleet } from "../../src/fleet/fleet.ts";
import { createLedger, type Ledger } from "../../src/fleet/ledger.ts";
import type { MachineVm } from "../../src/host/machine.ts";

export const VM = "abcdefgh01234567";
export const INSTANCE = `tf-${VM}-1`;

export function vm(changes: Partial<VmRow> = {}): VmRow {
  return {
    id: VM,
    os: "macos",
    pool: null,
    state: "ready",
    attempt: 1,
    hostId: 1,
    deadlineAt: null,
    expiresAt: null,
    readyAt: 1,
    endedAt: null,
    endReason: null,
    holdUntil: null,
    endError: null,
    jobState: "none",
    resolution: null,
    digest: null,
    cpu: null,
    memoryMiB: null,
    createdAt: 0,
    stateSince: 0,
    team: "default",
    priority: "default",
    image: "ghcr.io/org/macos:1",
    channel: null,
    queueTimeoutMs: 0,
    ...changes,
  };
}

export function attempt(changes: Partial<AttemptRow> = {}): AttemptRow {
  return {
    vmId: VM,
    attempt: 1,
    hostId: 1,
    slot: 0,
    want: "running",
    goneAt: null,
    instance: null,
    ...changes,
  };
}

export function event(changes: Partial<EventRow> = {}): EventRow {
  return {
    id: 1,
    vmId: VM,
    type: "state",
    state: "ready",
    attempt: 1,
    source: "host",
    message: "",
    data: "{}",
    ...changes,
  };
}

export function instance(name: string, isRunning = true): MachineVm {
  const run = isRunning ? ({ isAdmitted: true } as MachineVm["run"]) : null;
  const isForeign = !name.startsWith("tf-");
  return {
    name,
    os: "macos",
    isForeign,
    digest: null,
    image: null,
    isConfigured: true,
    hasRunner: false,
    run,
  };
}

/** An audit log as it is made: one act a row, after the row that begins it. */
export function auditLog(...acts: [action: string, subject: string][]): AuditRecord[] {
  const rows: AuditRecord[] = [];
  for (const [action, subject] of [[AUDIT_BEGUN, "audit log"], ...acts] as const) {
    const row = {
      seq: rows.length + 1,
      at: "2026-01-01T00:00:00.000Z",
      actor: "test",
      action,
      subject,
      outcome: "done" as const,
      address: null,
      requestId: null,
      details: { database: "log", epoch: 1 },
      previous: rows.at(-1)?.hash ?? AUDIT_BEGINNING,
    };
    rows.push({ ...row, hash: sha256(auditText(row)) });
  }
  return rows;
}

export interface Scene {
  vms?: VmRow[];
  attempts?: AttemptRow[];
  events?: EventRow[];
  slots?: View["slots"];
  audit?: AuditRecord[];
  /** What is on host-1 and on host-2. */
  machines?: MachineVm[][];
  ledger?: (ledger: Ledger) => void;
  said?: string[];
  phantoms?: number;
  /** How many hosts say something of a VM that waits, and what keeps it. */
  explained?: { hosts: number; what: string };
  cordonedSince?: number;
  /** Of the cordon and of the drain of each host. */
  cordonedUntil?: number;
  drainUntil?: number;
  removedHosts?: View["removedHosts"];
  shares?: View["shares"];
  channels?: View["channels"];
  now?: number;
}

/** A moment of a fleet of two hosts, made by hand; everything that is not given is in order. */
export function moment(scene: Scene = {}): View {
  const { vms = [vm()], attempts = [attempt()], events = [], machines = [], now = 0 } = scene;
  const ledger = createLedger();
  scene.ledger?.(ledger);
  const host = (number: number) => ({
    hostName: `host-${number}`,
    machine: {
      name: `host-${number}`,
      vms: new Map((machines[number - 1] ?? []).map((found) => [found.name, found])),
    },
  });
  const process = {
    clock: { now: () => now },
    wasStoppedSince: () => false,
    wokeAt: () => 0,
    stoppedMs: () => 0,
  };
  const slots = { busy: 1, free: 3, phantom: 0, unreachable: 0, cordoned: 0, total: 4 };
  const fleet = {
    hosts: [host(1), host(2)],
    world: { ledger, said: scene.said ?? [] },
    site: {
      process: () => process,
      startedAt: () => 0,
      serving: () => SERVING,
      disks: { wasTroubledSince: () => false },
    },
    calmAt: 0,
  };
  const { hosts, what } = scene.explained ?? { hosts: 2, what: "slots" };
  const explainVm = () => ({ waiting: { hosts: { total: hosts, groups: [{ hosts }] }, unblock: { what } } });
  const authenticate = () => ({ kind: "host", hostId: 1 });
  const listHosts = () => [1, 2].map((id) => ({ name: `host-${id}`, connected: true }));
  const useCases = { capacity: () => ({ slots }), explainVm, authenticate, listHosts };
  const SERVING = { process: PROCESS, useCases };
  PROCESS.clock.now = () => now;
  return {
    fleet: fleet as unknown as Fleet,
    now,
    vms: new Map(vms.map((row) => [row.id, row])),
    attempts,
    hosts: [1, 2].map((id) => ({
      id,
      name: `host-${id}`,
      epoch: 1,
      phantoms: scene.phantoms ?? 0,
      cordonedSince: scene.cordonedSince ?? null,
      isCordoned: scene.cordonedSince === undefined ? 0 : 1,
      cpu: 8,
      memoryMiB: 16_384,
      cordonedUntil: scene.cordonedUntil ?? null,
      drainUntil: scene.drainUntil ?? null,
    })),
    removedHosts: scene.removedHosts ?? [],
    shares: scene.shares ?? [],
    channels: scene.channels ?? [],
    slots: scene.slots ?? [1, 2].flatMap((hostId) => [0, 1].map((slot) => ({ hostId, slot }))),
    events,
    audit: scene.audit ?? [],
    isOfLostTime: () => false,
  };
}

/** One control plane for all moments: a new one would have its time to start. */
const PROCESS = {
  clock: { now: () => 0 },
  wasStoppedSince: () => false,
  wokeAt: () => 0,
  stoppedMs: () => 0,
};
