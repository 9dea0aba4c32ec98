import { z } from "zod";
import { explanationSchema } from "./explain.ts";
import { labelsSchema } from "./names.ts";
import { timeSchema, vmSummarySchema } from "./vm.ts";
import { vmStateSchema } from "./vm-state.ts";

/** What a slot is to who looks at the whole fleet; every slot is exactly one of them. */
export const BOARD_SLOT_STATES = [
  "busy",
  "warm",
  "draining",
  "held",
  "free",
  "phantom",
  "unreachable",
  "cordoned",
] as const;
export type BoardSlotState = (typeof BOARD_SLOT_STATES)[number];

const boardSlotSchema = z.object({
  slot: z.int(),
  state: z
    .enum(BOARD_SLOT_STATES)
    .describe(
      "warm: a pool's VM; draining: its VM ends; held: it has ended, and somebody wants to look into it; unreachable: its host is silent; cordoned: free, and nothing may have it",
    ),
  vm: z
    .object({
      id: z.string(),
      name: z.string(),
      team: z.string(),
      image: z.string(),
      state: vmStateSchema,
    })
    .nullable()
    .describe("null also for a VM of another team than the token's"),
});
export type BoardSlot = z.infer<typeof boardSlotSchema>;

const boardHostSchema = z.object({
  name: z.string(),
  condition: z.enum(["open", "cordoned", "draining", "unreachable"]),
  since: timeSchema.nullable().describe("Since when it is not open; null when it is, or was never heard of"),
  by: z.enum(["person", "breaker"]).nullable().describe("Who cordoned it"),
  reason: z.string().nullable(),
  labels: labelsSchema,
  errors: z.int().describe("What its doctor found"),
  warnings: z.int(),
  agentIsBehind: z.boolean(),
  linuxVms: z.int(),
  slots: z.array(boardSlotSchema),
});
export type BoardHost = z.infer<typeof boardHostSchema>;

const count = z.int();
const slotSumsSchema = z.object({
  total: count,
  busy: count,
  warm: count,
  draining: count,
  held: count,
  free: count,
  phantom: count,
  unreachable: count,
  cordoned: count,
});
export type SlotSums = z.infer<typeof slotSumsSchema>;

const lastHourSchema = z.object({
  since: timeSchema.describe("An hour ago, or when the control plane started"),
  ended: z.int().describe("VMs that came to their end as they should"),
  failed: z.int(),
  failures: z.array(z.object({ reason: z.string(), count: z.int() })).describe("The most frequent first"),
});

/** The whole fleet in numbers. Of the queue and of what ended a token of a team is told its team's alone. */
const boardSummarySchema = z.object({
  at: timeSchema,
  slots: slotSumsSchema.describe("They sum to total, two a host"),
  queue: z.object({ depth: z.int(), oldestSince: timeSchema.nullable() }),
  wait: z
    .object({ p50Ms: z.number().nullable(), p95Ms: z.number().nullable() })
    .describe("How long the newest few hundred VMs of the fleet waited for a slot; null: none has yet"),
  lastHour: lastHourSchema,
  silentHosts: z.int(),
});
export type BoardSummary = z.infer<typeof boardSummarySchema>;

/** The fleet's board, or what has changed on it. */
export const boardSchema = z.object({
  whole: z.boolean().describe("Every host is in it; otherwise those that changed since the message before"),
  summary: boardSummarySchema,
  hosts: z.array(boardHostSchema),
  removed: z.array(z.string()).describe("Hosts that left the fleet"),
});
export type Board = z.infer<typeof boardSchema>;

/** Kinds of things that a page shows; the control plane says which of them have changed. */
export const TOPICS = [
  "vms",
  "queue",
  "hosts",
  "images",
  "channels",
  "pools",
  "teams",
  "tokens",
  "webhooks",
  "history",
  "audit",
] as const;
export type Topic = (typeof TOPICS)[number];

/** What is to be read again. */
export const changesSchema = z.object({ topics: z.array(z.enum(TOPICS)) });

/** Query of `GET /v1/fleet/queue`. */
export const queueQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(25),
});

/** Those who wait, in lines: VMs of one team and class that need the same wait for the same reason. */
export const queuePageSchema = z.object({
  total: z.int().describe("VMs that wait"),
  lines: z.int().describe("Lines that they stand in"),
  entries: z
    .array(
      z.object({
        vm: vmSummarySchema.describe("The first of the line"),
        alike: z.int().describe("VMs in the line, it included"),
        explanation: explanationSchema.describe("Why the first waits, and until when"),
      }),
    )
    .describe("The line whose first has waited longest, first"),
});
export type QueuePage = z.infer<typeof queuePageSchema>;
