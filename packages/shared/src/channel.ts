import { z } from "zod";
import { imageSchema, nameSchema } from "./names.ts";
import { timeSchema } from "./vm.ts";

/** The body of `PUT /v1/channels/{name}`: every new VM of the channel gets that image from now on. */
export const setChannelSchema = z.strictObject({ image: imageSchema });
export type SetChannel = z.infer<typeof setChannelSchema>;

/** The body of `POST /v1/channels/{name}/rollout`. */
export const rollOutSchema = z.strictObject({
  image: imageSchema.describe("Best a digest reference: what a tag means can change while it is rolled out"),
  samplesPerStep: z
    .int()
    .min(3)
    .max(200)
    .default(10)
    .describe("Bring-ups of the new image that each step must have seen before the next"),
});
export type RollOut = z.infer<typeof rollOutSchema>;

const decisionSchema = z.object({
  at: timeSchema,
  kind: z.enum(["set", "rollout", "step", "completed", "rolled_back"]),
  by: z.string(),
  image: z.string(),
  percent: z.int().describe("Of new VMs that get the image from then on"),
  why: z.string(),
});
export type ChannelDecision = z.infer<typeof decisionSchema>;

/** A channel as the API shows it. */
export const channelRecordSchema = z.object({
  name: nameSchema,
  image: z.string().describe("What its VMs get, but for those that a rollout has shifted"),
  rollout: z
    .object({
      image: z.string(),
      percent: z.int().describe("0 while hosts fetch the image first"),
      prepull: z.string().nullable().describe("The image plan by which they do"),
      samplesPerStep: z.int(),
      startedAt: timeSchema,
      stepAt: timeSchema,
    })
    .nullable(),
  decisions: z.array(decisionSchema).describe("Newest first"),
});
export type ChannelRecord = z.infer<typeof channelRecordSchema>;
