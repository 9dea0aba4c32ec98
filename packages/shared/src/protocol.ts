import { z } from "zod";
import { attemptErrorSchema } from "./error-codes.ts";
import { hostFactsSchema } from "./host.ts";
import { runnerSchema } from "./runner.ts";
import { guestOsSchema, runOptionsSchema, vmIdSchema } from "./vm.ts";
import { BRING_UP_STATES } from "./vm-state.ts";

/**
 * What agent and control plane say to each other (tRPC over WebSocket, `agent.*`). The control plane sends
 * levels: the whole set of a host's assignments. The agent answers with facts, each bound to session and
 * attempt; a fact may be said any number of times.
 */
export const PROTOCOL_VERSION = 1;

export const attemptRefSchema = z.object({ vmId: vmIdSchema, attempt: z.int().min(1) });
export type AttemptRef = z.infer<typeof attemptRefSchema>;

export const helloSchema = z.object({
  protocol: z.int(),
  machineId: z.string().max(128),
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
  reached: z
    .enum(BRING_UP_STATES)
    .nullable()
    .describe(
      "The furthest phase reported so far. From booting on, an agent that finds neither the instance nor a record of it reports it lost; it never starts it a second time",
    ),
});
export type Assignment = z.infer<typeof assignmentSchema>;

export const assignmentSetSchema = z.object({
  logId: z.string(),
  revision: z.int(),
  assignments: z.array(assignmentSchema),
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
    imageDigest: z.string().max(80).optional(),
    ip: z.ipv4().optional(),
  }),
  about.extend({ kind: z.literal("failed"), phase: z.enum(BRING_UP_STATES), error: attemptErrorSchema }),
  about.extend({
    kind: z.literal("run_ended"),
    cause: z.enum(RUN_END_CAUSES),
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

export const reportsSchema = z.object({ epoch: z.int(), reports: z.array(reportSchema).min(1).max(100) });

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

export const bootstrapRequestSchema = attemptRefSchema.extend({ epoch: z.int() });

/** What goes into the guest. Holds secrets: never logged, never stored by the agent, handed over by stdin. */
export const bootstrapSchema = z.object({
  vmName: z.string(),
  jobId: z.string().nullable(),
  publicUrl: z.string().describe("Where the guest reaches the control plane"),
  vmToken: z.string().describe("The VM's own token: its end and its job's hooks, nothing else"),
  env: z.record(z.string(), z.string()),
  runner: runnerSchema.nullable(),
});
export type Bootstrap = z.infer<typeof bootstrapSchema>;
