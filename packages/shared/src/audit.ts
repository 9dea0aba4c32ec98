import { z } from "zod";
import { timeSchema } from "./vm.ts";

const detailSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** One act: who did what to what, from where. Its hash covers every field and the row before it. */
export const auditRecordSchema = z.object({
  seq: z.int().min(1).describe("Counts without a gap, from 1 or from where the log was shortened"),
  at: timeSchema,
  actor: z.string().describe("Like `token github (4k2…)`, `host mac-1`, `VM …`, `control plane`"),
  action: z.string().describe("Like `vm.create`; of a refused act, what was not allowed"),
  subject: z.string().describe("What it was done to: like `VM …`, `host mac-1`, `token github (4k2…)`"),
  outcome: z.enum(["done", "refused"]),
  address: z.string().nullable().describe("Where the call came from; null: from the control plane itself"),
  requestId: z.string().nullable(),
  details: z.record(z.string(), detailSchema).describe("Facts about the act; never a secret"),
  previous: z
    .string()
    .describe("The hash of the row before, also when that was removed since; of row 1, 64 zeros"),
  hash: z.string().describe("SHA-256 of the row, see docs/operations.md"),
});
export type AuditRecord = z.infer<typeof auditRecordSchema>;
export type AuditDetails = AuditRecord["details"];

export const auditPageSchema = z.object({
  records: z.array(auditRecordSchema),
  next: z.int().nullable().describe("`after` of the next page; null when there is none"),
});
export type AuditPage = z.infer<typeof auditPageSchema>;

const exact = z.string().min(1).max(512).optional();

export const auditQuerySchema = z.strictObject({
  after: z.coerce.number().int().min(0).optional().describe("Go on after the row with this seq"),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  order: z.enum(["oldest", "newest"]).default("oldest").describe("Which comes first"),
  actor: exact.describe("Exactly as in the rows"),
  action: exact,
  subject: exact.describe("Exactly as in the rows"),
  since: timeSchema.optional().describe("Not older than this, by the control plane's clock"),
});
export type AuditQuery = z.infer<typeof auditQuerySchema>;

/** `previous` of the first row. */
export const AUDIT_BEGINNING = "0".repeat(64);

/** Rows that the control plane writes about the log itself: which database it belongs to. */
export const AUDIT_BEGUN = "audit.begun";
export const AUDIT_CONTINUED = "audit.continued";
/** And up to which row (`seq`, with its `hash`) the log's beginning was old enough to be removed. */
export const AUDIT_SHORTENED = "audit.shortened";

/** Details in the form that is stored and hashed: JSON with its keys sorted. */
export function auditDetailsText(details: AuditDetails): string {
  return JSON.stringify(Object.fromEntries(Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** What a row's hash is the SHA-256 of (as UTF-8): a JSON array of its fields, without spaces. */
export function auditText(row: Omit<AuditRecord, "hash">): string {
  const { previous, seq, at, actor, action, subject, outcome, address, requestId, details } = row;
  const fields = [previous, seq, at, actor, action, subject, outcome, address, requestId];
  return `${JSON.stringify(fields).slice(0, -1)},${auditDetailsText(details)}]`;
}
