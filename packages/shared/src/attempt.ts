import { z } from "zod";
import { nameSchema, imageSchema } from "./names.ts";
import { phaseSchema } from "./phase.ts";
import { timeSchema } from "./vm.ts";

/** Query of `GET /v1/attempts`: of one host, or of one image as VMs asked for it. */
export const attemptsQuerySchema = z
  .strictObject({
    host: nameSchema.optional(),
    image: imageSchema.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  })
  .refine(({ host, image }) => (host === undefined) !== (image === undefined), {
    message: "give either host or image",
    path: ["host"],
  });
export type AttemptsQuery = z.infer<typeof attemptsQuerySchema>;

/** What became of an attempt to bring a VM up. */
export const attemptRecordSchema = z.object({
  at: timeSchema.describe("When it was decided"),
  vmId: z.string().nullable().describe("null for a VM of another team than the token's"),
  attempt: z.int(),
  host: z.string(),
  image: z.string(),
  phase: phaseSchema.describe("In which it was decided; run: the VM was ready, and was lost"),
  verdict: z.string().describe("`ready`, or the code of what went wrong"),
});
export type AttemptRecord = z.infer<typeof attemptRecordSchema>;
