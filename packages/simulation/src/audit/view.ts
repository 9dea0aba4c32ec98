import { AUDIT_ROWS_AFTER, auditRecordOf, type AuditRow } from "@tartfleet/control-plane/src/store/audit.ts";
import {
  parseInstanceName,
  type AttemptError,
  type AuditRecord,
  type EndReason,
  type GuestOs,
  type VmState,
} from "@tartfleet/shared";
import type { Fleet } from "../fleet/fleet.ts";

export interface VmRow {
  id: string;
  os: GuestOs;
  /** That keeps it warm; null: somebody asked for it. */
  pool: string | null;
  state: VmState;
  attempt: number;
  hostId: number | null;
  deadlineAt: number | null;
  expiresAt: number | null;
  readyAt: number | null;
  endedAt: number | null;
  endReason: EndReason | null;
  /** Until when somebody holds it. */
  holdUntil: number | null;
  endError: AttemptError | null;
  jobState: "none" | "started" | "ended";
  /** What became of the question what its tag stands for; null: nobody was asked. */
  resolution: "waiting" | "digest" | "given_up" | null;
  /** What its tag was found to stand for. */
  digest: string | null;
  /** Null: as much as its image says. */
  cpu: number | null;
  memoryMiB: number | null;
  createdAt: number;
  stateSince: number;
  team: string;
  priority: string;
  image: string;
  /** That it asked for instead of an image. */
  channel: string | null;
  queueTimeoutMs: number;
}

/** A channel, and the image that its VMs are being shifted to. */
export interface ChannelRow {
  name: string;
  image: string;
  next: string | null;
  percent: number | null;
  lastDecision: string;
}

/** What was set for a team. */
export interface ShareRow {
  team: string;
  guaranteed: number;
  cap: number | null;
}

export interface AttemptRow {
  vmId: string;
  attempt: number;
  hostId: number;
  slot: number | null;
  want: "running" | "gone";
  goneAt: number | null;
  /** What it took over; null: it has an instance of its own. */
  instance: string | null;
}

export interface EventRow {
  id: number;
  vmId: string;
  type: string;
  state: VmState;
  attempt: number;
  source: string;
  message: string;
  data: string;
}

export interface HostRow {
  id: number;
  name: string;
  epoch: number;
  /** macOS VMs that run there although nobody asked for them, as the control plane knows. */
  phantoms: number;
  /** Since when it is cordoned, by the control plane's clock; null also while one VM may try it. */
  cordonedSince: number | null;
  /** Also while one VM may try it; 0 or 1. */
  isCordoned: number;
  /** Null before its agent has told of it. */
  cpu: number | null;
  memoryMiB: number | null;
  /** When its cordon ends by itself, by the control plane's clock. */
  cordonedUntil: number | null;
  /** By when a drain of it is to be done, while nobody was told that it is overdue. */
  drainUntil: number | null;
}

/** What is durable at one moment, and the fleet as it really is. */
export interface View {
  fleet: Fleet;
  /** True time in milliseconds. */
  now: number;
  vms: ReadonlyMap<string, VmRow>;
  attempts: readonly AttemptRow[];
  hosts: readonly HostRow[];
  /** Those that were taken out of the fleet, under the names that they had. */
  removedHosts: readonly { id: number; name: string }[];
  shares: readonly ShareRow[];
  channels: readonly ChannelRow[];
  slots: readonly { hostId: number; slot: number }[];
  /** Since the last view. */
  events: readonly EventRow[];
  /** Rows of the audit log, since the last view. */
  audit: readonly AuditRecord[];
  /** Known to an earlier database that a backup has replaced: what really happened to it is not in this one. */
  isOfLostTime: (vmId: string) => boolean;
}

/** The name of an attempt's instance on its host. */
export function instanceOf({
  vmId,
  attempt,
  instance,
}: Pick<AttemptRow, "vmId" | "attempt" | "instance">): string {
  return instance ?? `tf-${vmId}-${attempt}`;
}

/** The attempt that an instance is of now: the one that took it over, or the one that it is named after. */
export function ownerOf(
  attempts: readonly AttemptRow[],
  name: string,
): { vmId: string; attempt: number } | undefined {
  return attempts.find(({ instance }) => instance === name) ?? parseInstanceName(name);
}

const QUERIES = {
  vms: `select id, spec ->> 'os' as os, spec ->> 'pool' as pool, state, attempt, host_id as hostId, deadline_at as deadlineAt, expires_at as expiresAt,
    ready_at as readyAt, ended_at as endedAt, end_reason as endReason, hold ->> 'until' as holdUntil, end_error as endError,
    job_state as jobState, resolution ->> 'kind' as resolution, resolution ->> 'digest' as digest,
    spec ->> 'cpu' as cpu, spec ->> 'memoryMiB' as memoryMiB, created_at as createdAt, state_since as stateSince,
    team, spec ->> 'priority' as priority, spec ->> 'image' as image, spec ->> 'channel' as channel, spec ->> 'queueTimeoutMs' as queueTimeoutMs from vms order by seq`,
  attempts: `select vm_id as vmId, attempt, host_id as hostId, slot, want, gone_at as goneAt, instance from attempts`,
  hosts: `select id, name, epoch, phantoms, case when cordon ->> '$.breaker.probingSince' is null then cordon ->> 'since' end
    as cordonedSince, cordon is not null as isCordoned, facts ->> 'cpu' as cpu, facts ->> 'memoryMiB' as memoryMiB,
    cordon ->> 'until' as cordonedUntil,
    case when cordon ->> '$.drain.isOverdue' = 0 then cordon ->> '$.drain.deadlineAt' end as drainUntil
    from hosts where removed_at is null order by id`,
  removedHosts: `select id, substr(name, 1, instr(name, ' (removed') - 1) as name from hosts where removed_at is not null`,
  shares: `select name as team, guaranteed, cap from teams order by name`,
  channels: `select name, state ->> 'image' as image, state ->> '$.rollout.image' as next, state ->> '$.rollout.percent' as percent,
    state ->> '$.decisions[0].kind' as lastDecision from channels order by name`,
  slots: `select host_id as hostId, slot from slots order by host_id, slot`,
  events: `select id, vm_id as vmId, type, state, attempt, source, message, data from events where id > ? order by id`,
};

/** The auditor reads after every step: its statements are prepared once for each database. */
export function createReader(fleet: Fleet) {
  let statements: { of: object; read: ReturnType<typeof prepare> } | undefined;

  function prepare() {
    const { $client } = fleet.site.database().db;
    const all = <T>(query: string) => {
      const statement = $client.prepare<unknown[], T>(query);
      return (...parameters: unknown[]) => statement.all(...parameters);
    };
    return {
      vms: all<Omit<VmRow, "endError"> & { endError: string | null }>(QUERIES.vms),
      attempts: all<AttemptRow>(QUERIES.attempts),
      hosts: all<HostRow>(QUERIES.hosts),
      removedHosts: all<{ id: number; name: string }>(QUERIES.removedHosts),
      shares: all<ShareRow>(QUERIES.shares),
      channels: all<ChannelRow>(QUERIES.channels),
      slots: all<{ hostId: number; slot: number }>(QUERIES.slots),
      events: all<EventRow>(QUERIES.events),
      audit: all<AuditRow>(AUDIT_ROWS_AFTER),
    };
  }

  /** @param after the last event and the last row of the audit log that were seen */
  return (after: { event: number; act: number }, lost: ReadonlySet<string>): View => {
    const database = fleet.site.database();
    if (statements?.of !== database) statements = { of: database, read: prepare() };
    const { read } = statements;
    return {
      fleet,
      now: fleet.world.timeline.now(),
      vms: new Map(read.vms().map((row) => [row.id, { ...row, endError: errorOf(row.endError) }])),
      attempts: read.attempts(),
      hosts: read.hosts(),
      removedHosts: read.removedHosts(),
      shares: read.shares(),
      channels: read.channels(),
      slots: read.slots(),
      events: read.events(after.event),
      audit: read.audit(after.act).map(auditRecordOf),
      isOfLostTime: (vmId) => lost.has(vmId),
    };
  };
}

function errorOf(text: string | null): AttemptError | null {
  return text === null ? null : JSON.parse(text);
}
