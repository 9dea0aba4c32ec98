import { z } from "zod";
import { reasonSchema } from "./cordon.ts";
import { attemptErrorCodeSchema } from "./error-codes.ts";
import { imageSchema, labelsSchema } from "./names.ts";
import { timeSchema } from "./vm.ts";

/**
 * What is to be done about an image on hosts: `prepull` ends when they have it, `pin` stands until somebody ends it,
 * `channel` is the pre-pull of a rollout.
 */
const imagePlanKindSchema = z.enum(["prepull", "pin", "channel"]);

/** The body of `POST /v1/image-plans`. */
export const planImageSchema = z.strictObject({
  kind: imagePlanKindSchema.exclude(["channel"]),
  image: imageSchema.describe(
    "Best a digest reference: a host that has the tag is not asked whether it was moved",
  ),
  hostLabels: labelsSchema.default({}).describe("On hosts that carry all of these; without any, on all"),
  reason: reasonSchema.optional(),
});
export type PlanImage = z.infer<typeof planImageSchema>;

/** An image plan as the API shows it. Of one that has ended only what became of it is known. */
export const imagePlanRecordSchema = z.object({
  id: z.string(),
  kind: imagePlanKindSchema,
  image: z.string(),
  hostLabels: labelsSchema,
  reason: z.string().nullable(),
  by: z.string(),
  createdAt: timeSchema,
  endedAt: timeSchema.nullable(),
  outcome: z
    .enum(["done", "failed", "ended"])
    .nullable()
    .describe("null: it stands; failed: no host could fetch it; ended: somebody ended it"),
  why: z.string().nullable(),
  progress: z
    .object({
      hosts: z.int().describe("Connected ones that it is for"),
      there: z.int(),
      pulling: z.int(),
      waiting: z.int().describe("For others to have done with the registry"),
      failed: z.int().describe("Not there for the reasons in `problems`"),
      away: z
        .int()
        .describe(
          "Silent, cordoned or with too old an agent: not counted above; only the silent are waited for, and not for long",
        ),
      bytes: z
        .int()
        .nullable()
        .describe("On all of these hosts; null until one pull has told how many there are"),
      totalBytes: z.int().nullable(),
      pulls: z.array(
        z.object({
          host: z.string(),
          percent: z.int(),
          bytes: z.int().nullable(),
          totalBytes: z.int().nullable(),
        }),
      ),
      problems: z.array(
        z.object({
          host: z.string(),
          code: attemptErrorCodeSchema,
          message: z.string(),
          retryAt: timeSchema.nullable().describe("null: it is not tried again there"),
        }),
      ),
    })
    .nullable(),
});
export type ImagePlanRecord = z.infer<typeof imagePlanRecordSchema>;

/** The body of `POST /v1/images/prune`. */
export const pruneImagesSchema = z.strictObject({
  host: z.string().max(63).optional().describe("Without it: every connected host"),
  dryRun: z.boolean().default(false).describe("Only says what would go and what would stay"),
  untilFreePercent: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe(
      "Of the disk, the least recently used first; 100: all that nobody needs. Default: --prune-until-percent",
    ),
  foreign: z
    .boolean()
    .default(false)
    .describe("Also images that tartfleet did not fetch, as people on that Mac may have"),
});
export type PruneImages = z.infer<typeof pruneImagesSchema>;

const prunableImageSchema = z.object({
  references: z.array(z.string()).describe("All its names on the host"),
  digest: z.string().nullable(),
  sizeGiB: z.number(),
  lastUsedAt: timeSchema.nullable(),
});

/** What goes from a host, and what stays for which reason. */
export const prunedHostSchema = z.object({
  host: z.string(),
  diskFreeGiB: z.int(),
  diskTotalGiB: z.int(),
  willBeFreeGiB: z
    .int()
    .describe("At most: blocks that VMs share with an image are free when those are gone"),
  remove: z.array(prunableImageSchema),
  keep: z.array(prunableImageSchema.extend({ why: z.string() })),
});
export type PrunedHost = z.infer<typeof prunedHostSchema>;
