import { z } from "zod";

/** The body of `POST /v1/vms/{id}/hold`. */
export const holdVmSchema = z.strictObject({
  forSeconds: z
    .int()
    .min(60)
    .max(604_800)
    .describe("From now; at most --max-hold-seconds of the control plane"),
  reason: z.string().min(1).max(500).optional(),
});
export type HoldVm = z.infer<typeof holdVmSchema>;

/** Somebody wants its instance to stay, whatever ends it. */
export const holdRecordSchema = z.object({
  since: z.iso.datetime(),
  until: z.iso.datetime(),
  by: z.string(),
  reason: z.string().nullable(),
  isKept: z.boolean().describe("It has come to its end, and is there for its hold alone"),
});
