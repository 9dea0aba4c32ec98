import { z } from "zod";

/** What runners may send, checked: a stand-in that takes anything would hide mistakes. */
export const registrationRequest = z.strictObject({
  token: z.string(),
  name: z.string().min(1).max(64),
  labels: z.array(z.string().min(1)).max(100),
});

export const runnerEvent = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("hook"),
    hook: z.enum(["started", "completed"]),
    exitCode: z.int(),
    output: z.string(),
  }),
  z.strictObject({ kind: z.literal("step"), name: z.string(), exitCode: z.int(), output: z.string() }),
  z.strictObject({ kind: z.literal("set_up_failed") }),
  z.strictObject({ kind: z.literal("orphans_killed"), count: z.int().nonnegative() }),
  z.strictObject({ kind: z.literal("flushed") }),
]);

export const jobResult = z.strictObject({ conclusion: z.enum(["success", "failure"]) });
