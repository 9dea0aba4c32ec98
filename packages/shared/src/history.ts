import { z } from "zod";
import { teamSchema } from "./team.ts";
import { timeSchema } from "./vm.ts";

/** What the control plane keeps of its past; in what its numbers are, in brackets. */
export const HISTORY_SERIES = {
  wait: "how long VMs waited for a slot, of each wait that ended with one [seconds]",
  boot: "how long the phases of a bring-up took that came to their end, by phase [seconds]",
  slots: "the fleet's macOS slots by state, each slot under one [slots]",
  queue: "how many VMs wait for a slot [VMs]",
  ends: "VMs that came to their end, by reason [VMs]",
  failures: "attempts that failed, by error [attempts]",
} as const;
export type HistorySeries = keyof typeof HISTORY_SERIES;

export const historyStepSchema = z.enum(["1m", "5m", "1h", "6h", "1d"]);
export type HistoryStep = z.infer<typeof historyStepSchema>;

/** Query of `GET /v1/history`. */
export const historyQuerySchema = z
  .strictObject({
    series: z.enum(["wait", "boot", "slots", "queue", "ends", "failures"]).describe(
      Object.entries(HISTORY_SERIES)
        .map(([series, what]) => `${series}: ${what}`)
        .join("; "),
    ),
    by: z
      .enum(["team", "image"])
      .optional()
      .describe("wait by team; boot by image, which gives each phase of each image a line of its own"),
    team: teamSchema.optional().describe("With by=team: that team alone"),
    from: timeSchema.optional().describe("Default: a day before `to`"),
    lastSeconds: z.coerce
      .number()
      .int()
      .min(60)
      .max(10 * 365 * 86_400)
      .optional()
      .describe("Instead of `from`: how long before `to` it begins"),
    to: timeSchema.optional().describe("Default: now"),
    step: historyStepSchema
      .optional()
      .describe("How far apart points are. Default: the finest that gives at most 400 and is still kept"),
  })
  .refine(({ series, by }) => by === undefined || (by === "team" ? series === "wait" : series === "boot"), {
    path: ["by"],
    error: "must be team for wait, or image for boot; the other series have one kind of lines",
  })
  .refine(({ from, lastSeconds }) => from === undefined || lastSeconds === undefined, {
    path: ["lastSeconds"],
    error: "goes without `from`",
  })
  .refine(({ by, team }) => team === undefined || by === "team", {
    path: ["team"],
    error: "needs by=team",
  });
export type HistoryQuery = z.infer<typeof historyQuerySchema>;

const historyPointSchema = z.object({
  at: timeSchema.describe("When its span began"),
  count: z.int().describe("How many observations it is made of: waits, phases, samples (one a minute), ends"),
  mean: z.number(),
  max: z.number(),
  p50: z.number().nullable().describe("Of durations; off by at most 2.5 %"),
  p95: z.number().nullable(),
});

/** What is kept of one series, oldest first; spans in which nothing was observed have no point. */
export const historySchema = z.object({
  series: z.string(),
  from: timeSchema,
  to: timeSchema,
  step: historyStepSchema,
  lines: z.array(
    z.object({
      key: z
        .string()
        .describe(
          "A team, a phase, a phase and an image, a state, a reason or an error; empty: the whole fleet. `(other)` holds those beyond 40",
        ),
      points: z.array(historyPointSchema),
    }),
  ),
});
export type HistoryAnswer = z.infer<typeof historySchema>;
export type HistoryPoint = z.infer<typeof historyPointSchema>;
