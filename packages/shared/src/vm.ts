import { z } from "zod";
import { attemptErrorSchema } from "./error-codes.ts";
import { holdRecordSchema } from "./hold.ts";
import { imageOrChannelSchema, labelsSchema, nameSchema } from "./names.ts";
import { prioritySchema } from "./priority.ts";
import { RUNNER_KINDS, runnerSchema } from "./runner.ts";
import { secret } from "./secret.ts";
import { teamSchema } from "./team.ts";
import { endReasonSchema, evidenceSourceSchema, vmStateSchema } from "./vm-state.ts";

/** A time on the wire: ISO 8601 in UTC, by the control plane's clock. */
export const timeSchema = z.iso.datetime();

export const vmIdSchema = z.string().regex(/^[a-z0-9]{16}$/, "a VM id is 16 lower-case letters and digits");

/** A CI system's own id of the job; opaque to us, but it must survive a URL and a shell file. */
export const jobIdSchema = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces");

const envName = z
  .string()
  .max(255)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "an environment variable's name is letters, digits and _");
const envValue = z
  .string()
  .max(32_768)
  .refine((value) => !value.includes("\0"), "must not contain NUL");

const cidr = z.union([z.cidrv4(), z.literal("@host")]);

/** `tart run` options that a client may choose; nothing here reaches the host's files. */
export const runOptionsSchema = z.strictObject({
  softnet: z.boolean().optional().describe("Isolate the VM's network with softnet"),
  softnetAllow: z.array(cidr).max(64).optional(),
  softnetBlock: z.array(cidr).max(64).optional(),
  display: z
    .string()
    .regex(/^[1-9][0-9]{2,4}x[1-9][0-9]{2,4}(pt|px)?$/, "must be WIDTHxHEIGHT, optionally with pt or px")
    .optional(),
});
export type RunOptions = z.infer<typeof runOptionsSchema>;

export const guestOsSchema = z.enum(["macos", "linux"]);
export type GuestOs = z.infer<typeof guestOsSchema>;

const budgetSeconds = z.int().min(5).max(86_400).optional();

/** How long the phases of a VM's bring-up may take, where it knows better than the control plane. */
const budgetsSchema = z.strictObject({
  pullStallSeconds: budgetSeconds.describe("How long the pull of its image may stand still"),
  cloneSeconds: budgetSeconds,
  bootSeconds: budgetSeconds,
  provisionSeconds: budgetSeconds,
});

/** The body of `POST /v1/vms`. */
export const createVmSchema = z.strictObject({
  image: imageOrChannelSchema.describe("An OCI reference, or channel:<name>"),
  name: nameSchema.optional(),
  jobId: jobIdSchema.optional(),
  os: guestOsSchema.default("macos"),
  cpu: z.int().min(1).max(64).optional(),
  memoryMiB: z.int().min(512).max(1_048_576).optional(),
  diskGiB: z.int().min(10).max(8192).optional(),
  hostLabels: labelsSchema.default({}).describe("The host must carry all of these"),
  preferredHostLabels: labelsSchema
    .optional()
    .describe("Of the hosts that fit and have the image, those that carry more of these come first"),
  labels: labelsSchema.default({}),
  priority: prioritySchema
    .optional()
    .describe("Its class in the team's queue, one of the control plane's --priority-classes"),
  allowPending: z
    .boolean()
    .optional()
    .describe("Wait also when no registered host could ever take it: one may join the fleet"),
  ttlSeconds: z.int().min(1).optional().describe("How long it may live, from its first placement on a host"),
  queueTimeoutSeconds: z.int().min(1).max(604_800).optional(),
  noJobTimeoutSeconds: z
    .int()
    .min(0)
    .max(604_800)
    .optional()
    .describe("How long a runner that tells of its job (github) may wait for one; 0: for ever"),
  holdOnFailureSeconds: z
    .int()
    .min(0)
    .max(604_800)
    .optional()
    .describe(
      "When it cannot be brought up, or its runner exits with another code than 0: hold it that long",
    ),
  budgets: budgetsSchema
    .optional()
    .describe(
      "Phases over budget are tried on another host; without one, what is learned of the image, or the default",
    ),
  env: z
    .record(envName, secret(envValue))
    .default({})
    .refine((env) => Object.keys(env).length <= 256, "at most 256 variables"),
  run: runOptionsSchema.default({}),
  runner: runnerSchema.optional(),
});
export type CreateVm = z.infer<typeof createVmSchema>;
export type CreateVmInput = z.input<typeof createVmSchema>;

export const jobStateSchema = z.enum(["none", "started", "ended"]);

/** What the runner's hooks said of the job. All of it is the guest's word. */
export const jobDetailsSchema = z.strictObject({
  runId: z.string().max(255).optional(),
  runAttempt: z.string().max(32).optional(),
  job: z.string().max(255).optional(),
  repository: z.string().max(255).optional(),
});
export type JobDetails = z.infer<typeof jobDetailsSchema>;

/** Only for runner kind script. */
export const scriptResultSchema = z.object({
  exitCode: z.int().nullable(),
  output: z.string().describe("The last 64 KiB"),
  truncated: z.boolean(),
});
export type ScriptResult = z.infer<typeof scriptResultSchema>;

/** A VM as the API shows it. Secrets (runner credentials, env values) are never part of it. */
export const vmRecordSchema = z.object({
  id: vmIdSchema,
  name: z.string(),
  team: z.string().describe("Of the token that made it; empty for a VM that a pool keeps warm"),
  state: vmStateSchema,
  stateSince: timeSchema,
  image: z.string(),
  imageDigest: z
    .string()
    .nullable()
    .describe("What its tag stood for when it was accepted, and what runs; null: not known, or not yet"),
  channel: z.string().nullable().describe("The channel that it asked for and that chose its image"),
  pool: z
    .string()
    .nullable()
    .describe(
      "The pool that keeps it warm: of no team, until a VM that is asked for takes its instance over",
    ),
  os: guestOsSchema,
  cpu: z.int().nullable(),
  memoryMiB: z.int().nullable(),
  diskGiB: z.int().nullable(),
  hostLabels: labelsSchema,
  preferredHostLabels: labelsSchema,
  labels: labelsSchema,
  priority: z.string().describe("Its class in the team's queue"),
  jobId: z.string().nullable(),
  runner: z.object({ kind: z.enum(RUNNER_KINDS) }).nullable(),
  envNames: z.array(z.string()),
  run: runOptionsSchema,
  host: z.string().nullable(),
  slot: z.int().nullable().describe("0 or 1 on the host; null for a Linux VM and before placement"),
  attempt: z.int().describe("0 before the first placement"),
  ip: z.string().nullable().describe("Private IP on its host; unique only together with the host"),
  unreachableSince: timeSchema.nullable().describe("Since when its host is silent"),
  pullPercent: z.int().nullable(),
  pullBytes: z.int().nullable().describe("Of its image, compressed: as many as the percentage says"),
  pullTotalBytes: z.int().nullable(),
  job: z.object({
    state: jobStateSchema,
    startedAt: timeSchema.nullable(),
    endedAt: timeSchema.nullable(),
    details: jobDetailsSchema,
  }),
  scriptResult: scriptResultSchema
    .nullable()
    .describe("Only for runner kind script: its exit code and the last 64 KiB of its output"),
  end: z
    .object({ reason: endReasonSchema, message: z.string(), error: attemptErrorSchema.nullable() })
    .nullable()
    .describe("Why it is ending or ended"),
  hold: holdRecordSchema.nullable().describe("Whatever ends it, its instance stays until then"),
  deadlineAt: timeSchema.nullable().describe("When the present state runs out of time"),
  expiresAt: timeSchema.nullable(),
  createdAt: timeSchema,
  assignedAt: timeSchema.nullable().describe("When its present attempt was placed"),
  readyAt: timeSchema.nullable(),
  endedAt: timeSchema.nullable(),
});
export type VmRecord = z.infer<typeof vmRecordSchema>;

export const VM_EVENT_TYPES = [
  "accepted",
  "state",
  "attempt_failed",
  "end_announced",
  "end_requested",
  "job",
  "evidence",
  "stop_rung",
] as const;

/** One entry of a VM's history; `id` grows by time and is the SSE event id. */
export const vmEventSchema = z.object({
  id: z.int(),
  vmId: vmIdSchema,
  at: timeSchema,
  type: z.enum(VM_EVENT_TYPES),
  state: vmStateSchema.describe("The VM's state after it"),
  attempt: z.int(),
  source: evidenceSourceSchema,
  message: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type VmEvent = z.infer<typeof vmEventSchema>;
export type VmEventType = VmEvent["type"];

/** How a VM speaks of its own end: the job's hook announces it, the runner's exit means it. */
export const endPhaseSchema = z.enum(["job_hook", "runner_exited"]);
export type EndPhase = z.infer<typeof endPhaseSchema>;

/** Query of `DELETE /v1/vms/{id}`; all of it is for the VM's own token (suicide.sh). */
export const deleteVmQuerySchema = z.strictObject({
  phase: endPhaseSchema.optional(),
  cause: z.literal("no_job").optional().describe("Why the runner was ended by its own guest"),
  rc: z.coerce.number().int().min(-1).max(255).optional().describe("Exit code of the runner's process"),
  ip: z.ipv4().optional().describe("The private IP that the guest believes it has"),
  jobId: jobIdSchema.optional(),
});
export type DeleteVmQuery = z.infer<typeof deleteVmQuerySchema>;

/** Body of `POST /v1/vms/{id}/events`, for the VM's own token: what its hooks saw. */
export const guestEventSchema = z.strictObject({
  type: z.literal("job_started"),
  details: jobDetailsSchema.default({}),
});
export type GuestEvent = z.infer<typeof guestEventSchema>;

export const listVmsQuerySchema = z.strictObject({
  state: z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return undefined;
      const states = z.array(vmStateSchema).safeParse(text.split(","));
      if (states.success) return states.data;
      context.addIssue({
        code: "custom",
        message: `must be a comma-separated list of ${vmStateSchema.options.join(", ")}`,
      });
      return z.NEVER;
    })
    .describe("Comma-separated states"),
  host: z.string().max(63).optional(),
  jobId: z.string().max(255).optional(),
  name: z.string().max(63).optional(),
  team: teamSchema.optional().describe("A token of a team sees that team's VMs alone, with or without it"),
  label: z
    .string()
    .regex(/^[^=]+=[^=]*$/, "must be key=value")
    .optional(),
  cursor: z.string().max(64).optional().describe("The nextCursor of the page before"),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type ListVmsQuery = z.infer<typeof listVmsQuerySchema>;

/** A VM in a list: without the one field that can be long. */
export const vmSummarySchema = vmRecordSchema.extend({
  scriptResult: scriptResultSchema.omit({ output: true }).nullable(),
});
export type VmSummary = z.infer<typeof vmSummarySchema>;

export const vmPageSchema = z.object({ vms: z.array(vmSummarySchema), nextCursor: z.string().nullable() });
export type VmPage = z.infer<typeof vmPageSchema>;

export const waitQuerySchema = z.strictObject({
  for: z.enum(["ready", "ended"]),
  timeoutSeconds: z.coerce.number().int().min(0).max(600).default(60),
});
