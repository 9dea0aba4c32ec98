import { z } from "zod";
import { phaseSchema } from "./phase.ts";

/** An image on the fleet's hosts, by the name under which they have it. */
export const imageRecordSchema = z.object({
  reference: z.string(),
  hosts: z.int().describe("How many have it"),
  sizeGiB: z.number().describe("On the host where it is largest"),
  digests: z
    .array(
      z.object({
        digest: z.string().nullable().describe("null: its agent is too old to tell"),
        hosts: z.array(z.string()),
      }),
    )
    .describe("What the name stands for, and where; the one that most hosts have comes first"),
  pulling: z
    .array(
      z.object({
        host: z.string(),
        percent: z.int(),
        bytes: z.int().nullable().describe("Compressed: as many as the percentage says"),
        totalBytes: z.int().nullable(),
      }),
    )
    .describe("Connected hosts that fetch it now"),
  times: z
    .array(
      z.object({
        phase: phaseSchema,
        p50Seconds: z.number(),
        p95Seconds: z.number(),
        count: z.int().describe("Measured, of the newest few hundred"),
      }),
    )
    .describe("How long its VMs take to come up, phase by phase; without phases that none went through"),
  isMixed: z
    .boolean()
    .describe("Hosts have different images under this name: the tag was moved since some pulled it"),
});
export type ImageRecord = z.infer<typeof imageRecordSchema>;
