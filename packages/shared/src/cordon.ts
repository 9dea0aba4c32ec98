import { z } from "zod";
import { timeSchema, vmIdSchema } from "./vm.ts";

/** Why a person wants something. */
export const reasonSchema = z
  .string()
  .trim()
  .min(1, "must say why, for whoever wonders later")
  .max(500)
  .regex(/^\P{Cc}*$/u, "must be one line");

const MOST_SECONDS = 365 * 86_400;

/** The body of `POST /v1/hosts/{name}/cordon`. */
export const cordonHostSchema = z.strictObject({
  reason: reasonSchema,
  forSeconds: z
    .int()
    .min(1)
    .max(MOST_SECONDS)
    .optional()
    .describe("It ends by itself after so long; without it somebody must uncordon the host"),
});
export type CordonHost = z.infer<typeof cordonHostSchema>;

/** The body of `POST /v1/hosts/{name}/drain`. */
export const drainHostSchema = z.strictObject({
  reason: reasonSchema,
  deadlineSeconds: z
    .int()
    .min(0)
    .max(MOST_SECONDS)
    .default(21_600)
    .describe("How long its VMs may take to end; then it is told which have not"),
  endVms: z
    .boolean()
    .default(false)
    .describe("Past the deadline those that are left are ended, as by a client. Without it nothing is"),
});
export type DrainHost = z.infer<typeof drainHostSchema>;

/** That a host gets nothing new: who wants it so, why, and until when. */
export const cordonRecordSchema = z.object({
  by: z.string(),
  reason: z.string(),
  since: timeSchema,
  until: timeSchema.nullable().describe("It ends by itself then; null: when somebody uncordons the host"),
  drain: z
    .object({
      deadlineAt: timeSchema,
      endVms: z.boolean(),
      isDone: z.boolean().describe("Nothing of it runs there any more"),
      isOverdue: z.boolean().describe("Its deadline has passed and VMs are left"),
    })
    .nullable()
    .describe("The host is to become empty"),
  breaker: z
    .object({
      trips: z.int().describe("How often in a row it failed"),
      probeAt: timeSchema.describe("When it is tried again"),
      isProbing: z.boolean().describe("The next VM that fits decides whether it is sound"),
    })
    .nullable()
    .default(null)
    .describe("The control plane cordoned it because it fails"),
});
export type CordonRecord = z.infer<typeof cordonRecordSchema>;

/** The query of `DELETE /v1/hosts/{name}`. */
export const removeHostQuerySchema = z.strictObject({
  force: z
    .stringbool({ truthy: ["true", "1"], falsy: ["false", "0"] })
    .optional()
    .describe("Also with VMs there"),
  dryRun: z
    .stringbool({ truthy: ["true", "1"], falsy: ["false", "0"] })
    .optional()
    .describe("Only says what would happen"),
});

/** What becomes of a VM whose host is removed. */
export const removedVmSchema = z.object({
  vmId: vmIdSchema,
  state: z.string(),
  becomes: z
    .enum(["failed", "queued", "ended"])
    .describe("failed: host_removed; queued: it is tried on another host; ended: as it was about to"),
});

export const removedHostSchema = z.object({
  name: z.string(),
  removed: z.boolean().describe("false after a dry run"),
  vms: z.array(removedVmSchema),
});
export type RemovedHost = z.infer<typeof removedHostSchema>;
