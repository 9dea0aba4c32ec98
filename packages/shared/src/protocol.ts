import { z } from "zod";
import { attemptRefSchema } from "./attempt-ref.ts";
import { attemptErrorCodeSchema, attemptErrorSchema } from "./error-codes.ts";
import { hostFactsSchema } from "./host.ts";
import { digestSchema, imageSchema } from "./names.ts";
import { runnerSchema } from "./runner.ts";
import { secret } from "./secret.ts";
import { tunnelWishSchema } from "./tunnel.ts";
import { guestOsSchema, runOptionsSchema } from "./vm.ts";
import { BRING_UP_STATES } from "./vm-state.ts";

/**
 * What agent and control plane say to each other (tRPC over WebSocket, `agent.*`). The control plane sends
 * levels: the whole set of a host's assignments. The agent answers with facts, each bound to session and
 * attempt; a fact may be said any number of times.
 *
 * Within a version fields, kinds of reports and reasons may be added; who does not know one leaves it out. What
 * an agent must understand to do right (another `want`) is a new version, and is said only to agents of it.
 */
export const PROTOCOL_VERSION = 1;
/** The oldest version of an agent that a control plane speaks with: control planes are upgraded first. */
const OLDEST_PROTOCOL_VERSION = 1;

/** Why an agent of that version cannot be spoken with, and what to do; undefined when it can. */
export function protocolRefusal(version: number): string | undefined {
  if (version >= OLDEST_PROTOCOL_VERSION && version <= PROTOCOL_VERSION) return undefined;
  const ours = `The agent speaks protocol ${version}, this control plane ${PROTOCOL_VERSION}`;
  return version > PROTOCOL_VERSION
    ? `${ours}; upgrade the control plane, which is upgraded before its agents`
    : `${ours}, and none older than ${OLDEST_PROTOCOL_VERSION}; upgrade the agent`;
}

export const helloSchema = z.object({
  protocol: z.int(),
  machineId: z.string().max(128),
  agentId: z
    .string()
    .max(64)
    .optional()
    .describe("Tells two agents of one machine apart: it is of the data folder"),
  facts: hostFactsSchema,
  instances: z
    .array(attemptRefSchema.extend({ running: z.boolean(), os: guestOsSchema }))
    .max(100)
    .describe("Every instance with our prefix that is on the host"),
});
export type Hello = z.infer<typeof helloSchema>;

export const welcomeSchema = z.object({
  logId: z.string().describe("Names the database; another one means that revisions start anew"),
  epoch: z.int().describe("Fences older sessions; part of every later call"),
  heartbeatSeconds: z.number(),
  leaseSeconds: z.number(),
  returnWithinSeconds: z
    .number()
    .min(0)
    .optional()
    .describe(
      "When the connection is lost: come back at a random time within so long, lest a whole fleet come at once",
    ),
});
export type Welcome = z.infer<typeof welcomeSchema>;

/** What the control plane wants of one attempt. Holds no secret: those are fetched with `bootstrap`. */
export const assignmentSchema = attemptRefSchema.extend({
  want: z.enum(["running", "gone"]),
  name: z.string(),
  os: guestOsSchema,
  image: z.string(),
  cpu: z.int().nullable(),
  memoryMiB: z.int().nullable(),
  diskGiB: z.int().nullable(),
  run: runOptionsSchema,
  runnerKind: z.string().nullable(),
  warm: z
    .boolean()
    .optional()
    .describe(
      "It is only to be kept ready for somebody: brought up until its guest answers, and not set up. Said only to agents whose facts have `keepsWarm`",
    ),
  pullStallSeconds: z
    .int()
    .optional()
    .describe("How long the pull of its image may stand still, where the request says so: no shorter"),
  bootSeconds: z
    .int()
    .optional()
    .describe("How long its guest may take to answer, where the request says so: the agent waits no shorter"),
  reached: z
    .enum(BRING_UP_STATES)
    .nullable()
    .describe(
      "The furthest phase reported so far. From booting on, an agent that finds neither the instance nor a record of it reports it lost; it never starts it a second time",
    ),
});
export type Assignment = z.infer<typeof assignmentSchema>;

const imageGrantSchema = z.object({
  reference: z.string().max(512),
  grant: z.int().describe("What fails is not tried again under the same grant; another one is another try"),
});

/** What a host is to do with images beside what its VMs need; whatever its VMs need comes first. */
export const imageWorkSchema = z.object({
  pull: z.array(imageGrantSchema).max(100),
  remove: z
    .array(
      imageGrantSchema.extend({
        digest: z
          .string()
          .max(80)
          .optional()
          .describe("It is left where it is when the reference stands for another by now"),
      }),
    )
    .max(1000),
});
export type ImageWork = z.infer<typeof imageWorkSchema>;

export const assignmentSetSchema = z.object({
  logId: z.string(),
  revision: z.int().describe("Of the assignments"),
  assignments: z.array(assignmentSchema),
  images: imageWorkSchema
    .optional()
    .describe("Changes without a new revision, and only for agents that tell of imageFailures"),
  resolve: z
    .array(z.string())
    .optional()
    .describe("References whose tags the agent is to ask their registries for, until it has answered"),
  tunnels: z
    .array(tunnelWishSchema)
    .optional()
    .describe("Tunnels that are to be open; only of kinds that the agent's facts name"),
});
export type AssignmentSet = z.infer<typeof assignmentSetSchema>;

/** How `tart run` ended, read from its exit and its log (tart-contract §2.6). */
export const RUN_END_CAUSES = [
  "guest_shutdown",
  "guest_crashed",
  "network_lost",
  "stopped",
  "killed",
  "unknown",
] as const;

/** Rungs of the stop ladder, in order. */
export const STOP_RUNGS = ["guest_shutdown", "tart_stop", "interrupt", "kill", "delete"] as const;

const about = attemptRefSchema;

/** One fact that an agent saw about an attempt. */
export const reportSchema = z.discriminatedUnion("kind", [
  about.extend({
    kind: z.literal("phase"),
    phase: z.enum(BRING_UP_STATES),
    pullPercent: z.int().min(0).max(100).optional(),
    pullTotalBytes: z.int().min(0).optional().describe("What is to be fetched, compressed"),
    imageDigest: z.string().max(80).optional(),
    ip: z.ipv4().optional(),
  }),
  about.extend({
    kind: z.literal("failed"),
    phase: z.enum(BRING_UP_STATES),
    error: attemptErrorSchema.extend({ code: attemptErrorCodeSchema.catch("tart_failed") }),
  }),
  about.extend({
    kind: z.literal("run_ended"),
    cause: z.enum(RUN_END_CAUSES).catch("unknown"),
    logTail: z.string().max(8192),
  }),
  about.extend({
    kind: z.literal("stop_rung"),
    rung: z.enum(STOP_RUNGS),
    outcome: z.enum(["done", "failed", "timed_out", "skipped"]),
    milliseconds: z.int().min(0),
    detail: z.string().max(2000).optional(),
  }),
  about.extend({
    kind: z.literal("script_result"),
    exitCode: z.int().nullable(),
    output: z.string().max(131_072),
    truncated: z.boolean(),
  }),
  about.extend({ kind: z.literal("gone") }).describe("The instance was seen absent from the host"),
]);
export type Report = z.infer<typeof reportSchema>;

/** A report of a kind that only a newer agent knows. */
const unknownReportSchema = z.object({ kind: z.literal("unknown"), said: z.string() });
/** A report as a control plane hears it. */
export type HeardReport = Report | z.infer<typeof unknownReportSchema>;

const KINDS = new Set<string>(reportSchema.options.map(({ shape }) => shape.kind.value));
const saidSchema = z.object({ kind: z.string().max(64) });

const heardReportSchema: z.ZodType<HeardReport> = z.preprocess(
  (report) => {
    const said = saidSchema.safeParse(report).data?.kind;
    return said === undefined || KINDS.has(said) ? report : { kind: "unknown", said };
  },
  z.discriminatedUnion("kind", [...reportSchema.options, unknownReportSchema]),
);

export const reportsSchema = z.object({
  epoch: z.int(),
  reports: z.array(heardReportSchema).min(1).max(100),
});

/** Answer to one report; `ignored` is not an error: the fact was late, old or known. */
export const reportResultSchema = z.object({
  outcome: z.enum(["applied", "ignored"]),
  reason: z.string().optional(),
});
export type ReportResult = z.infer<typeof reportResultSchema>;

export const heartbeatSchema = z.object({
  epoch: z.int(),
  facts: hostFactsSchema.optional().describe("Only when they changed"),
  instances: helloSchema.shape.instances.optional(),
});

/** What an agent learned of a reference whose tag it was asked to resolve. */
export const tagAnswerSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("digest"), digest: digestSchema }),
  z.object({
    kind: z.literal("failed"),
    code: z
      .enum(["image_not_found", "image_auth_failed", "registry_unreachable"])
      .catch("registry_unreachable"),
    message: z.string().max(1000).describe("Which registry was asked, and what it said"),
  }),
]);
export type TagAnswer = z.infer<typeof tagAnswerSchema>;

export const resolvedSchema = z.object({
  epoch: z.int(),
  reference: imageSchema,
  answer: tagAnswerSchema,
});

export const bootstrapRequestSchema = attemptRefSchema.extend({ epoch: z.int() });

/** What goes into the guest. Holds secrets: never logged, never stored by the agent, handed over by stdin. */
export const bootstrapSchema = z.object({
  forVm: attemptRefSchema
    .optional()
    .describe(
      "Whom the guest speaks for, where that is not the attempt that the instance is named after: a VM took over what had been kept warm",
    ),
  vmName: z.string(),
  jobId: z.string().nullable(),
  publicUrl: z.string().describe("Where the guest reaches the control plane"),
  caCertificate: z
    .string()
    .optional()
    .describe("PEM by which the guest verifies that URL; without it, by what its system trusts"),
  vmToken: secret(z.string()).describe("The VM's own token: its end and its job's hooks, nothing else"),
  env: z.record(z.string(), secret(z.string())),
  runner: runnerSchema.nullable(),
  noJobSeconds: z
    .int()
    .optional()
    .describe(
      "A runner that tells of its job and to which none comes within so long is ended; 0 or none: never",
    ),
});
export type Bootstrap = z.infer<typeof bootstrapSchema>;
