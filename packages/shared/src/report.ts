import { z } from "zod";
import { teamSchema } from "./team.ts";

/** What the time of a slot is spent on. */
export const SLOT_KINDS = {
  booting: "from the slot to ready: pulling, cloning, booting, setting the guest up",
  working: "ready: the runner waits for its job or does it, or somebody works in the guest",
  draining: "from the announced end until it was seen gone; an attempt that was given up until it was",
  warm: "stands by in a pool",
  held: "kept for somebody to look at",
  phantom: "taken by something that tartfleet did not ask for",
} as const;
export type SlotKind = keyof typeof SLOT_KINDS;

const REPORT_BY = ["day", "team", "image", "host"] as const;
/** Of how many parts a report's lines can be. */
const MOST_BY = 6;
const LABEL_BY = /^label:(?<key>.{1,63})$/;

/** What lines of a report are by: `label:KEY` is the label KEY of the VMs. */
export type ReportBy = (typeof REPORT_BY)[number] | `label:${string}`;

const isReportBy = (text: string): text is ReportBy =>
  REPORT_BY.some((by) => by === text) || LABEL_BY.test(text);

/** The key of `label:KEY`; undefined for what else lines can be by. */
export function labelOfBy(by: ReportBy): string | undefined {
  return LABEL_BY.exec(by)?.groups?.["key"];
}

const daySchema = z.iso.date("must be a day like 2026-03-01");

/** Query of `GET /v1/reports/slot-minutes`. */
export const slotReportQuerySchema = z
  .strictObject({
    from: daySchema.optional().describe("First day, in UTC (default: 29 days before the last)"),
    to: daySchema.optional().describe("Last day, in UTC (default: today)"),
    by: z
      .string()
      .max(500)
      .default("team")
      .transform((text, context): ReportBy[] => {
        const parts = [...new Set(text.split(","))];
        const known = parts.filter(isReportBy);
        if (known.length === parts.length && known.length <= MOST_BY) return known;
        context.addIssue({
          code: "custom",
          message: `must be a comma-separated list of ${REPORT_BY.join(", ")}, label:KEY; at most ${MOST_BY}`,
        });
        return z.NEVER;
      })
      .describe("Comma-separated: what lines are by. `host` goes with `day` alone"),
    team: teamSchema
      .optional()
      .describe("That team's alone; a token of a team is told its team's in any case"),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ["from"],
    error: "must not be after `to`",
  })
  .refine(
    ({ by, team }) =>
      !by.includes("host") || (team === undefined && by.every((each) => each === "host" || each === "day")),
    {
      path: ["by"],
      error: "host goes with day alone: what a host did is not kept by team, image or label",
    },
  );
export type SlotReportQuery = z.infer<typeof slotReportQuerySchema>;

const minutes = z.number().min(0);

/** One line of a report. Of what it is by, `null` stands for nobody's: warm VMs and phantoms, or a VM without the label. */
export const slotReportLineSchema = z.object({
  key: z
    .record(z.string(), z.string().nullable())
    .describe("What the line is of, by `by`; `(other)` holds those beyond the bounds"),
  waitingMinutes: minutes.describe(
    "How long VMs waited for a slot, of waits that have ended: time in the queue, which costs no slot",
  ),
  slotMinutes: minutes.describe("How long slots were taken: the sum of the kinds"),
  minutes: z.object({
    booting: minutes.describe(SLOT_KINDS.booting),
    working: minutes.describe(SLOT_KINDS.working),
    draining: minutes.describe(SLOT_KINDS.draining),
    warm: minutes.describe(SLOT_KINDS.warm),
    held: minutes.describe(SLOT_KINDS.held),
    phantom: minutes.describe(SLOT_KINDS.phantom),
  }),
});
export type SlotReportLine = z.infer<typeof slotReportLineSchema>;

export const slotReportSchema = z.object({
  from: daySchema,
  to: daySchema,
  by: z.array(z.string()),
  labels: z.array(z.string()).describe("The labels that are kept, and that lines can be by"),
  lines: z
    .array(slotReportLineSchema)
    .describe("The one with the most slot-minutes first; by day: in their order"),
  total: slotReportLineSchema.omit({ key: true }),
});
export type SlotReport = z.infer<typeof slotReportSchema>;
