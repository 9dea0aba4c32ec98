import { z } from "zod";
import { teamSchema } from "./team.ts";

const MOST_SLOTS = 1_000_000;

/** What a team may have of the fleet's slots. */
const shareSchema = z.strictObject({
  guaranteed: z
    .int()
    .min(0)
    .max(MOST_SLOTS)
    .default(0)
    .describe("Slots that are the team's before anybody borrows; others use them while it does not"),
  cap: z
    .int()
    .min(0)
    .max(MOST_SLOTS)
    .nullable()
    .default(null)
    .describe("Slots that it may hold at most; null for no bound"),
  weight: z
    .number()
    .min(0.01)
    .max(1000)
    .default(1)
    .describe("How it shares what nobody is guaranteed with the others"),
});

/** The body of `PUT /v1/teams/{name}`: the whole share. */
export const setShareSchema = shareSchema.refine(({ guaranteed, cap }) => cap === null || cap >= guaranteed, {
  path: ["cap"],
  error: "must be at least what is guaranteed",
});
export type SetShare = z.infer<typeof setShareSchema>;

/** A team as the API shows it. */
export const teamRecordSchema = z.object({
  name: teamSchema,
  ...shareSchema.shape,
  isSet: z.boolean().describe("false: nobody set its share, and what holds for any team holds for it"),
  held: z.int().describe("Slots that its VMs hold, those that are being stopped included"),
  queued: z.int().describe("Its VMs that wait"),
});
export type TeamRecord = z.infer<typeof teamRecordSchema>;
