import { z } from "zod";
import { keysOf } from "./keys.ts";
import { nameSchema } from "./names.ts";
import { shownOnce } from "./secret.ts";
import { teamSchema } from "./team.ts";
import { timeSchema } from "./vm.ts";

/** What a webhook can tell of, with a sentence for people. */
export const NOTICE_TYPES = {
  "vm.accepted": "A VM was asked for and waits for a slot",
  "vm.assigned": "A VM has a slot on a host",
  "vm.ready": "A VM is ready: its runner has started",
  "vm.job_started": "A VM's runner started its job",
  "vm.end_announced": "A VM's guest says that its job or its runner has ended",
  "vm.attempt_failed": "A VM could not be brought up on a host; it may be tried on another",
  "vm.ended": "A VM has ended as it was to",
  "vm.failed": "A VM has failed",
  "host.enrolled": "A host joined the fleet",
  "host.connected": "A host's agent is connected",
  "host.silent": "Nothing is heard of a host any more",
  "host.cordoned": "A host gets nothing new: somebody cordoned or drains it",
  "host.uncordoned": "A host gets VMs again",
  "host.drain_overdue": "A host that drains still has VMs after its deadline",
  "host.breaker_opened": "A host failed VM after VM and gets nothing for a while",
  "host.breaker_closed": "A host that failed brought a VM up again",
  "host.removed": "A host was taken out of the fleet",
  "channel.completed": "A channel's rollout is complete",
  "channel.rolled_back": "A channel's rollout was rolled back",
} as const satisfies Record<string, string>;

export type NoticeType = keyof typeof NOTICE_TYPES;

/** A type, or all that begin with the word before the dot, or all. */
export const noticeFilterSchema = z.enum(["*", "vm.*", "host.*", "channel.*", ...keysOf(NOTICE_TYPES)]);
export type NoticeFilter = z.infer<typeof noticeFilterSchema>;

/** How a notice is written: for programs, or as Slack's incoming webhooks (and those that take the same) want it. */
export const webhookTemplateSchema = z.enum(["json", "slack"]);
export type WebhookTemplate = z.infer<typeof webhookTemplateSchema>;

const webhookUrl = z
  .url({ protocol: /^https?$/, error: "must be an http or https URL" })
  .max(2048, "must have at most 2048 characters")
  .refine((text) => !/^[a-z]+:\/\/[^/?#]*@/i.test(text), "must not hold a user name or a password");

const eventsSchema = z
  .array(noticeFilterSchema)
  .min(1)
  .max(32)
  .describe("What it is told of: types like vm.failed, vm.* for all of a kind, * for all");
const ownTeam = teamSchema
  .nullable()
  .describe("Of this team's VMs alone, and of no host; null: of everything");

/** The body of `POST /v1/webhooks`. */
export const createWebhookSchema = z.strictObject({
  name: nameSchema,
  url: webhookUrl.describe(
    "Where notices are POSTed to. Kept sealed and never shown whole: it may be a secret",
  ),
  events: eventsSchema,
  team: ownTeam.default(null),
  template: webhookTemplateSchema.default("json"),
});
export type CreateWebhook = z.infer<typeof createWebhookSchema>;
export type CreateWebhookInput = z.input<typeof createWebhookSchema>;

/** The body of `PATCH /v1/webhooks/{name}`: what is to be another. */
export const changeWebhookSchema = z.strictObject({
  url: webhookUrl.optional(),
  events: eventsSchema.optional(),
  team: ownTeam.optional(),
  template: webhookTemplateSchema.optional(),
  enabled: z.boolean().optional().describe("false: it is told of nothing until it is enabled again"),
});
export type ChangeWebhook = z.infer<typeof changeWebhookSchema>;

/** A webhook as the API shows it. */
export const webhookRecordSchema = z.object({
  name: nameSchema,
  url: z.string().describe("With … in place of its path and query"),
  events: eventsSchema,
  team: z.string().nullable(),
  template: webhookTemplateSchema,
  enabled: z.boolean(),
  disabledReason: z.string().nullable(),
  createdBy: z.string(),
  createdAt: timeSchema,
  pending: z.int().describe("Deliveries that wait for their first or next try"),
  dead: z.int().describe("Deliveries that were given up, for `replay`"),
  lastDeliveredAt: timeSchema.nullable(),
  lastFailure: z
    .object({ at: timeSchema, message: z.string() })
    .nullable()
    .describe("Of its newest failed try"),
  previousSecretUntil: timeSchema
    .nullable()
    .describe("After a rotation: until then the one before signs, too"),
});
export type WebhookRecord = z.infer<typeof webhookRecordSchema>;

export const createdWebhookSchema = webhookRecordSchema.extend({
  secret: shownOnce.describe("Signs every delivery (standardwebhooks.com); shown this once"),
});
export type CreatedWebhook = z.infer<typeof createdWebhookSchema>;

export const rotateWebhookSchema = z.strictObject({
  graceSeconds: z
    .int()
    .min(0)
    .max(2_592_000)
    .default(86_400)
    .describe("How long deliveries are signed with the secret before as well"),
});
export type RotateWebhook = z.infer<typeof rotateWebhookSchema>;

/** What became of one try. */
export const webhookTryRecordSchema = z.object({
  delivered: z.boolean(),
  status: z.int().nullable().describe("HTTP status of the answer; null when there was none"),
  message: z.string(),
});
export type WebhookTryRecord = z.infer<typeof webhookTryRecordSchema>;

export const deliveryRecordSchema = z.object({
  id: z.int(),
  messageId: z.string().describe("The `webhook-id` header: the same at every try"),
  type: z.string(),
  subject: z.string().describe("Like `VM …`, `host mac-1`"),
  at: timeSchema.describe("When it happened"),
  state: z.enum(["pending", "dead"]),
  tries: z.int(),
  nextTryAt: timeSchema.nullable(),
  deadAt: timeSchema.nullable(),
  status: z.int().nullable().describe("HTTP status of the newest try's answer"),
  message: z.string().nullable().describe("What became of the newest try"),
});
export type DeliveryRecord = z.infer<typeof deliveryRecordSchema>;

export const deliveriesQuerySchema = z.strictObject({
  state: z.enum(["pending", "dead"]).default("dead"),
  after: z.coerce.number().int().min(0).default(0).describe("Only those after the one with this id"),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type DeliveriesQuery = z.infer<typeof deliveriesQuerySchema>;

export const replayWebhookSchema = z.strictObject({
  id: z.int().min(1).optional().describe("One of its dead deliveries; without it, all of them"),
});
export type ReplayWebhook = z.infer<typeof replayWebhookSchema>;
