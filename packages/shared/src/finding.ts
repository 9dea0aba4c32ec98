import { z } from "zod";

/**
 * What the doctor of a host found, worst first. error: VMs fail of it · warning: it will hurt some day, or some
 * VMs · unknown: it could not be seen, or whether it matters is not the agent's to know · ok: nothing to do
 */
export const FINDING_STATES = ["error", "warning", "unknown", "ok"] as const;
export type FindingState = (typeof FINDING_STATES)[number];

export const findingSchema = z.object({
  code: z.string().max(64).describe("What was looked at; stays the same over versions"),
  state: z.enum(FINDING_STATES).catch("unknown"),
  message: z.string().max(500).describe("A sentence for people"),
  cure: z
    .string()
    .max(1000)
    .nullable()
    .describe("The command that cures it; null when there is nothing to do"),
  value: z.number().optional().describe("What was counted or measured, where that is a number to watch"),
});
export type Finding = z.infer<typeof findingSchema>;

export const findingsSchema = z.array(findingSchema).max(64);

/** The same findings, those that hurt most at first; otherwise in the order in which they were. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => FINDING_STATES.indexOf(a.state) - FINDING_STATES.indexOf(b.state));
}
