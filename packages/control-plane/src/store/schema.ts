import type {
  AttemptError,
  AuditDetails,
  AuditRecord,
  HostFacts,
  JobDetails,
  NoticeFilter,
  Labels,
  ScriptResult,
  VmEventType,
  WebhookTemplate,
} from "@tartfleet/shared";
import {
  DEFAULT_TEAM,
  keysOf,
  SLOT_KINDS,
  VM_EVENT_TYPES,
  VM_STATES,
  PHASES,
  type EvidenceSource,
  type Phase,
  type VmState,
} from "@tartfleet/shared";
import { sql } from "drizzle-orm";
import {
  blob,
  check,
  foreignKey,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import type { LedgerKind } from "../domain/accounts/ledger.ts";
import type { Channel } from "../domain/channels/channel.ts";
import type { ImagePlan, PlanOutcome } from "../domain/images/plan.ts";
import type { PhaseTime } from "../domain/history/phase-time.ts";
import { ROLLED_UP, type RolledUp } from "../domain/history/rollup.ts";
import { SPANS, type SpanKind } from "../domain/history/spans.ts";
import type { Tally } from "../domain/history/tally.ts";
import type { Cordon } from "../domain/cordon.ts";
import { GITHUB_JOB_STATES, type GithubJobState } from "../domain/github/ledger.ts";
import type { NoticeBody } from "../domain/notices/notice.ts";
import type { Pool } from "../domain/pools/pool.ts";
import type { Announced, Hold, Resolution, Vm, VmSpec } from "../domain/vm.ts";

/*
 * What is true by constraint: a host has slots 0 and 1 and no third; a slot holds one attempt that is not
 * gone; a VM has one attempt that is wanted; a live VM's name is its own in its team, and its idempotency key
 * with its caller.
 * Times are milliseconds since 1970. After `drizzle-kit generate`, add STRICT to each CREATE TABLE by hand
 * (drizzle-kit cannot); a test looks for it.
 */

const oneOf = (column: string, values: readonly string[]) =>
  sql.raw(`${column} in (${values.map((value) => `'${value}'`).join(", ")})`);

export const meta = sqliteTable("meta", { key: text().primaryKey(), value: text().notNull() });

export const hosts = sqliteTable("hosts", {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull().unique(),
  machineId: text("machine_id").notNull(),
  /** Counts sessions; the newest speaks for the host. */
  epoch: integer().notNull().default(0),
  /** Counts changes of the host's assignments. */
  revision: integer().notNull().default(0),
  facts: text({ mode: "json" }).$type<HostFacts>(),
  /** Macos instances that run there although no attempt is there: foreign ones, leftovers, leaks. */
  phantoms: integer().notNull().default(0),
  /** Labels that the enrolment token bound the host to; they win over what its agent says. */
  boundLabels: text("bound_labels", { mode: "json" }).$type<Record<string, string>>().notNull().default({}),
  /** It gets nothing new while this is there. */
  cordon: text({ mode: "json" }).$type<Cordon>(),
  lastSeenAt: integer("last_seen_at"),
  createdAt: integer("created_at").notNull(),
  /** Taken out of the fleet; what ran there still names it. */
  removedAt: integer("removed_at"),
});

export const slots = sqliteTable(
  "slots",
  {
    hostId: integer("host_id")
      .notNull()
      .references(() => hosts.id),
    slot: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.hostId, table.slot] }), check("slots_two", sql`slot in (0, 1)`)],
);

/** Word for word as in the indexes, or SQLite would not use them. */
export const live = sql`state not in ('deleted', 'failed')`;

export const vms = sqliteTable(
  "vms",
  {
    seq: integer().primaryKey({ autoIncrement: true }),
    id: text().notNull().unique(),
    name: text().notNull(),
    team: text().notNull().default(DEFAULT_TEAM),
    state: text().$type<VmState>().notNull(),
    stateSince: integer("state_since").notNull(),
    spec: text({ mode: "json" }).$type<VmSpec>().notNull(),
    jobId: text("job_id"),
    createdBy: text("created_by").notNull(),
    idempotencyKey: text("idempotency_key"),
    /** Keyed hash of the request's body, for comparing a repeated one. */
    bodyHash: text("body_hash"),
    /** Sealed environment and runner credentials; wiped when the VM is ready or ended. */
    secrets: blob({ mode: "buffer" }),
    attempt: integer().notNull(),
    hostId: integer("host_id").references(() => hosts.id),
    budgetEndsAt: integer("budget_ends_at"),
    expiresAt: integer("expires_at"),
    /** The earlier of the two above while it matters: what the timers wait for. */
    deadlineAt: integer("deadline_at"),
    announced: text().$type<Announced>(),
    endReason: text("end_reason").$type<NonNullable<Vm["end"]>["reason"]>(),
    endMessage: text("end_message"),
    endError: text("end_error", { mode: "json" }).$type<AttemptError>(),
    hold: text({ mode: "json" }).$type<Hold>(),
    jobState: text("job_state").$type<Vm["job"]["state"]>().notNull(),
    jobStartedAt: integer("job_started_at"),
    jobEndedAt: integer("job_ended_at"),
    jobDetails: text("job_details", { mode: "json" }).$type<JobDetails>().notNull(),
    ip: text(),
    imageDigest: text("image_digest"),
    resolution: text({ mode: "json" }).$type<Resolution>(),
    pullPercent: integer("pull_percent"),
    pullTotalBytes: integer("pull_total_bytes"),
    scriptResult: text("script_result", { mode: "json" }).$type<ScriptResult>(),
    createdAt: integer("created_at").notNull(),
    assignedAt: integer("assigned_at"),
    readyAt: integer("ready_at"),
    endedAt: integer("ended_at"),
  },
  (table) => [
    check("vms_state", oneOf("state", VM_STATES)),
    check("vms_ended", sql`(ended_at is null) = (state not in ('deleted', 'failed'))`),
    uniqueIndex("vms_live_name").on(table.team, table.name).where(live),
    uniqueIndex("vms_live_key").on(table.createdBy, table.idempotencyKey).where(live),
    index("vms_live").on(table.state, table.seq).where(live),
    index("vms_deadline")
      .on(table.deadlineAt)
      .where(sql`deadline_at is not null`),
    index("vms_job").on(table.jobId, table.seq),
    index("vms_name").on(table.name, table.seq),
    index("vms_host").on(table.hostId, table.seq),
    index("vms_team").on(table.team, table.seq),
    index("vms_queued")
      .on(table.seq)
      .where(sql`state = 'queued'`),
    index("vms_warm")
      .on(table.seq)
      .where(sql`team = '' and state not in ('deleted', 'failed')`),
  ],
);

/** A channel's state is read and written whole (`domain/channels`). */
export const channels = sqliteTable("channels", {
  name: text().primaryKey(),
  state: text({ mode: "json" }).$type<Channel>().notNull(),
});

/** Pools of warm VMs, and what has come of them. */
export const pools = sqliteTable(
  "pools",
  {
    name: text().primaryKey(),
    settings: text({ mode: "json" }).$type<Pool>().notNull(),
    hits: integer().notNull().default(0),
    misses: integer().notNull().default(0),
    idleMs: integer("idle_ms").notNull().default(0),
  },
  () => [check("pools_counted", sql`hits >= 0 and misses >= 0 and idle_ms >= 0`)],
);

/** What teams may have of the slots; a team that is not there has what any team has. */
export const teams = sqliteTable(
  "teams",
  {
    name: text().primaryKey(),
    guaranteed: integer().notNull(),
    cap: integer(),
    weight: real().notNull(),
  },
  () => [
    check("teams_guaranteed", sql`guaranteed >= 0`),
    check("teams_cap", sql`cap is null or cap >= guaranteed`),
    check("teams_weight", sql`weight > 0`),
  ],
);

/** That hosts are to have an image; those that have ended are kept for a while. */
export const imagePlans = sqliteTable(
  "image_plans",
  {
    id: text().primaryKey(),
    kind: text().$type<ImagePlan["kind"]>().notNull(),
    image: text().notNull(),
    hostLabels: text("host_labels", { mode: "json" }).$type<Record<string, string>>().notNull(),
    besideImage: text("beside_image"),
    reason: text(),
    by: text().notNull(),
    createdAt: integer("created_at").notNull(),
    endedAt: integer("ended_at"),
    outcome: text().$type<PlanOutcome["outcome"]>(),
    why: text(),
  },
  (table) => [
    check("image_plans_kind", oneOf("kind", ["prepull", "pin", "channel"])),
    check("image_plans_outcome", oneOf("outcome", ["done", "failed", "ended"])),
    check("image_plans_ended", sql`(ended_at is null) = (outcome is null)`),
    index("image_plans_standing")
      .on(table.createdAt)
      .where(sql`ended_at is null`),
    index("image_plans_ended_at").on(table.endedAt),
  ],
);

/** How many VMs of a team wait. Triggers on `vms` keep it, so that asking costs the same however many do. */
export const queues = sqliteTable(
  "queues",
  { team: text().primaryKey(), queued: integer().notNull() },
  () => [check("queues_counted", sql`queued >= 0`)],
);

export const attempts = sqliteTable(
  "attempts",
  {
    vmId: text("vm_id")
      .notNull()
      .references(() => vms.id),
    attempt: integer().notNull(),
    hostId: integer("host_id")
      .notNull()
      .references(() => hosts.id),
    slot: integer(),
    want: text().$type<"running" | "gone">().notNull(),
    /** The name of the instance that it took over; null: it has one of its own, named after it. */
    instance: text(),
    createdAt: integer("created_at").notNull(),
    goneAt: integer("gone_at"),
    /** Up to when its time in its slot is in the accounts; null: none is yet. */
    accountedUntil: integer("accounted_until"),
  },
  (table) => [
    primaryKey({ columns: [table.vmId, table.attempt] }),
    foreignKey({ columns: [table.hostId, table.slot], foreignColumns: [slots.hostId, slots.slot] }),
    check("attempts_want", oneOf("want", ["running", "gone"])),
    check("attempts_gone", sql`gone_at is null or want = 'gone'`),
    uniqueIndex("attempts_slot")
      .on(table.hostId, table.slot)
      .where(sql`gone_at is null`),
    uniqueIndex("attempts_wanted")
      .on(table.vmId)
      .where(sql`want = 'running'`),
    uniqueIndex("attempts_instance")
      .on(table.instance)
      .where(sql`instance is not null`),
    index("attempts_on_host")
      .on(table.hostId)
      .where(sql`gone_at is null`),
  ],
);

export const events = sqliteTable(
  "events",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    vmId: text("vm_id")
      .notNull()
      .references(() => vms.id),
    at: integer().notNull(),
    type: text().$type<VmEventType>().notNull(),
    state: text().$type<VmState>().notNull(),
    attempt: integer().notNull(),
    source: text().$type<EvidenceSource>().notNull(),
    message: text().notNull(),
    data: text({ mode: "json" }).$type<Record<string, unknown>>().notNull(),
  },
  (table) => [
    index("events_of_vm").on(table.vmId, table.id),
    check("events_type", oneOf("type", VM_EVENT_TYPES)),
    check("events_state", oneOf("state", VM_STATES)),
  ],
);

/**
 * How long every finished phase took, and what became of every attempt. Outlives the VMs that it is of, hence no
 * foreign keys; ids grow with time. Each index ends with the row's id by itself.
 */
export const phaseTimes = sqliteTable(
  "phase_times",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    at: integer().notNull(),
    vmId: text("vm_id").notNull(),
    attempt: integer().notNull(),
    hostId: integer("host_id"),
    team: text().notNull(),
    image: text().notNull(),
    digest: text(),
    phase: text().$type<Phase>().notNull(),
    durationMs: integer("duration_ms").notNull(),
    outcome: text().$type<PhaseTime["outcome"]>().notNull(),
    measured: integer({ mode: "boolean" }).notNull(),
    verdict: text().$type<NonNullable<PhaseTime["verdict"]>>(),
  },
  (table) => [
    check("phase_times_phase", oneOf("phase", PHASES)),
    check("phase_times_duration", sql`duration_ms >= 0`),
    index("phase_times_of_phase")
      .on(table.phase)
      .where(sql`measured = 1`),
    index("phase_times_of_image")
      .on(table.image, table.phase)
      .where(sql`measured = 1`),
    index("phase_times_of_digest")
      .on(table.digest, table.phase)
      .where(sql`measured = 1 and digest is not null`),
    index("phase_times_of_team")
      .on(table.team, table.image)
      .where(sql`measured = 1 and phase = 'run'`),
    index("phase_times_host_verdicts")
      .on(table.hostId)
      .where(sql`verdict is not null`),
    index("phase_times_image_verdicts")
      .on(table.image)
      .where(sql`verdict is not null`),
    index("phase_times_digest_verdicts")
      .on(table.digest)
      .where(sql`verdict is not null and digest is not null`),
  ],
);

/** What was observed in a span of time, rolled up: minutes, hours and days are kept side by side. */
export const history = sqliteTable(
  "history",
  {
    span: text().$type<SpanKind>().notNull(),
    start: integer().notNull(),
    series: text().$type<RolledUp>().notNull(),
    key: text().notNull(),
    count: integer().notNull(),
    sum: real().notNull(),
    max: real().notNull(),
    buckets: text({ mode: "json" }).$type<Tally["buckets"]>(),
  },
  (table) => [
    primaryKey({ columns: [table.span, table.start, table.series, table.key] }),
    check("history_span", oneOf("span", Object.keys(SPANS))),
    check("history_series", oneOf("series", ROLLED_UP)),
    check("history_count", sql`count > 0`),
  ],
);

/** How long slots were used, and how long VMs waited, by the day (UTC) and by whose that was. */
export const slotTime = sqliteTable(
  "slot_time",
  {
    day: integer().notNull(),
    /** Empty: nobody's. */
    team: text().notNull(),
    image: text().notNull(),
    /** Those labels of the VMs that are kept, sorted by their keys. */
    labels: text({ mode: "json" }).$type<Labels>().notNull(),
    kind: text().$type<LedgerKind>().notNull(),
    ms: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.day, table.team, table.image, table.labels, table.kind] }),
    check("slot_time_kind", oneOf("kind", ["waiting", ...keysOf(SLOT_KINDS)])),
    check("slot_time_ms", sql`ms > 0`),
  ],
);

/** How long each host's slots were used, by the day (UTC). */
export const hostTime = sqliteTable(
  "host_time",
  {
    day: integer().notNull(),
    hostId: integer("host_id")
      .notNull()
      .references(() => hosts.id),
    kind: text().$type<LedgerKind>().notNull(),
    ms: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.day, table.hostId, table.kind] }),
    check("host_time_kind", oneOf("kind", keysOf(SLOT_KINDS))),
    check("host_time_ms", sql`ms > 0`),
  ],
);

export const TOKEN_KINDS = ["admin", "ci", "viewer", "host-enrolment", "host", "vm"] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

export const tokens = sqliteTable(
  "tokens",
  {
    id: text().primaryKey(),
    kind: text().$type<TokenKind>().notNull(),
    name: text().notNull(),
    hash: text().notNull(),
    /** What it may do is for this team's VMs alone; null: for the whole fleet. */
    team: text(),
    /** After a rotation: the secret before, and until when it still works. */
    previousHash: text("previous_hash"),
    previousUntil: integer("previous_until"),
    /** For enrolment tokens: how many hosts it may enrol, how many it has, and what labels they get. */
    maxUses: integer("max_uses"),
    uses: integer().notNull().default(0),
    hostLabels: text("host_labels", { mode: "json" }).$type<Record<string, string>>(),
    hostId: integer("host_id").references(() => hosts.id),
    /** For a host's credential: the token that enrolled it. */
    enrolledBy: text("enrolled_by"),
    vmId: text("vm_id").references(() => vms.id),
    attempt: integer(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at"),
    lastUsedAt: integer("last_used_at"),
    revokedAt: integer("revoked_at"),
  },
  (table) => [
    check("tokens_kind", oneOf("kind", TOKEN_KINDS)),
    check("tokens_uses", sql`max_uses is null or uses <= max_uses`),
    index("tokens_of_vm")
      .on(table.vmId)
      .where(sql`vm_id is not null`),
    index("tokens_of_host")
      .on(table.hostId)
      .where(sql`host_id is not null`),
  ],
);

/** Who did what. Rows are only ever added (triggers refuse the rest), each with the hash of the one before. */
export const audit = sqliteTable(
  "audit",
  {
    seq: integer().primaryKey({ autoIncrement: true }),
    at: integer().notNull(),
    /** Like `token github (4k2…)`, `host mac-1`, `VM …`. */
    actor: text().notNull(),
    action: text().notNull(),
    /** Like `VM …`, `host mac-1`, `token github (4k2…)`. */
    subject: text().notNull(),
    outcome: text().$type<AuditRecord["outcome"]>().notNull(),
    /** Where the call came from; null when it was the control plane's own doing. */
    address: text(),
    requestId: text("request_id"),
    details: text({ mode: "json" }).$type<AuditDetails>().notNull(),
    previous: text().notNull(),
    hash: text().notNull(),
  },
  (table) => [
    // Each ends with the row's seq by itself.
    index("audit_at").on(table.at),
    index("audit_actor").on(table.actor),
    index("audit_action").on(table.action),
    index("audit_subject").on(table.subject),
  ],
);

/** Who is told of what happens. */
export const webhooks = sqliteTable(
  "webhooks",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    name: text().notNull().unique(),
    /** Its URL and its secrets. */
    sealed: blob({ mode: "buffer" }).notNull(),
    /** The URL as it may be shown. */
    shownUrl: text("shown_url").notNull(),
    events: text({ mode: "json" }).$type<NoticeFilter[]>().notNull(),
    team: text(),
    template: text().$type<WebhookTemplate>().notNull(),
    enabled: integer({ mode: "boolean" }).notNull(),
    disabledReason: text("disabled_reason"),
    createdBy: text("created_by").notNull(),
    createdAt: integer("created_at").notNull(),
    previousUntil: integer("previous_until"),
    /** Up to which event and which row of the audit log it was looked what it is to be told of. */
    eventsUntil: integer("events_until").notNull(),
    auditUntil: integer("audit_until").notNull(),
    lastDeliveredAt: integer("last_delivered_at"),
    lastFailedAt: integer("last_failed_at"),
    lastFailure: text("last_failure"),
  },
  () => [check("webhooks_template", oneOf("template", ["json", "slack"]))],
);

/** What webhooks are still to be told of, and (dead) what they could not be. What was delivered is not kept. */
export const deliveries = sqliteTable(
  "deliveries",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    webhookId: integer("webhook_id")
      .notNull()
      .references(() => webhooks.id),
    messageId: text("message_id").notNull(),
    type: text().notNull(),
    subject: text().notNull(),
    at: integer().notNull(),
    body: text({ mode: "json" }).$type<NoticeBody>().notNull(),
    tries: integer().notNull().default(0),
    /** When it is tried next. */
    dueAt: integer("due_at").notNull(),
    /** When it was given up. */
    deadAt: integer("dead_at"),
    status: integer(),
    message: text(),
  },
  (table) => [
    uniqueIndex("deliveries_once").on(table.webhookId, table.messageId),
    index("deliveries_due")
      .on(table.webhookId, table.dueAt)
      .where(sql`dead_at is null`),
    index("deliveries_dead")
      .on(table.webhookId)
      .where(sql`dead_at is not null`),
  ],
);

/** Jobs that GitHub told of: those that are not done, and for a while those that are. */
export const githubJobs = sqliteTable(
  "github_jobs",
  {
    definition: text().notNull(),
    jobId: text("job_id").notNull(),
    state: text().$type<GithubJobState>().notNull(),
    name: text().notNull(),
    repository: text().notNull(),
    runId: text("run_id").notNull(),
    runAttempt: text("run_attempt"),
    runnerName: text("runner_name"),
    /** The VM that the runner's name is of. */
    vmId: text("vm_id"),
    firstAt: integer("first_at").notNull(),
    changedAt: integer("changed_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.definition, table.jobId] }),
    check("github_jobs_state", oneOf("state", GITHUB_JOB_STATES)),
    index("github_jobs_open")
      .on(table.definition, table.state)
      .where(sql`state <> 'done'`),
    index("github_jobs_vm")
      .on(table.vmId)
      .where(sql`vm_id is not null`),
    index("github_jobs_done")
      .on(table.changedAt)
      .where(sql`state = 'done'`),
  ],
);

/** Webhook deliveries of GitHub's that were taken, for as long as GitHub itself keeps them. */
export const githubDeliveries = sqliteTable(
  "github_deliveries",
  { id: text().primaryKey(), at: integer().notNull() },
  (table) => [index("github_deliveries_at").on(table.at)],
);

/** The session by which each scale set is listened to: whoever comes next ends it. */
export const githubSessions = sqliteTable("github_sessions", {
  definition: text().primaryKey(),
  sessionId: text("session_id").notNull(),
});

/** What was said at GitHub's commits of VMs that failed, for as long as a run may take. */
export const githubReports = sqliteTable(
  "github_reports",
  {
    definition: text().notNull(),
    repository: text().notNull(),
    runId: text("run_id").notNull(),
    /** null: nothing was said. */
    sha: text(),
    at: integer().notNull(),
    /** Since when it does not say a failure any more. */
    clearedAt: integer("cleared_at"),
  },
  (table) => [
    primaryKey({ columns: [table.definition, table.repository, table.runId] }),
    index("github_reports_open")
      .on(table.at)
      .where(sql`cleared_at is null`),
  ],
);
