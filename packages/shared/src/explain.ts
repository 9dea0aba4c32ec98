import { z } from "zod";
import { phaseSchema } from "./phase.ts";
import { timeSchema } from "./vm.ts";
import { vmStateSchema } from "./vm-state.ts";

/** What hosts say of a VM that waits, from what lets it start to what will never do. */
export const HOST_REASONS = [
  "fits",
  "just_failed",
  "kept",
  "slots",
  "phantom",
  "cpu",
  "memory",
  "disk",
  "cordoned",
  "silent",
  "unknown",
  "too_small",
  "labels",
] as const;
export type HostReason = (typeof HOST_REASONS)[number];

/** What would let a waiting VM start first. */
export const UNBLOCKS = [
  "placing",
  "image",
  "turn",
  "share",
  "reserved",
  "slots",
  "retry",
  "kept",
  "phantom",
  "cpu",
  "memory",
  "disk",
  "cordoned",
  "silent",
  "unknown",
  "never",
] as const;
export type Unblock = (typeof UNBLOCKS)[number];

const hostGroupSchema = z.object({
  reason: z.enum(HOST_REASONS),
  hosts: z.int().describe("How many; every registered host is in one group"),
  names: z.array(z.string()).describe("The first few of them"),
  text: z.string(),
});

const etaSchema = z.object({
  startP50: timeSchema
    .nullable()
    .describe("When it is placed in half of all cases; null: later than can be told"),
  startP90: timeSchema.nullable().describe("By when in nine of ten"),
  readyP50: timeSchema.nullable(),
  readyP90: timeSchema.nullable(),
  isExtrapolated: z.boolean().describe("It is so far back that only the queue's speed tells"),
  runs: z.int().describe("How many finished runs of the fleet's it goes by, of the newest few hundred"),
});

const positionSchema = z.object({
  team: z.string(),
  priority: z.string(),
  inClass: z.int().describe("1 is the next of its team and class"),
  ofClass: z.int(),
  inTeam: z.int(),
  ofTeam: z.int(),
  waiting: z.int().describe("VMs that wait in the whole fleet"),
});

/** Why a VM is not running yet, or what it is doing: in words and as data. */
export const explanationSchema = z.object({
  vmId: z.string(),
  state: vmStateSchema,
  at: timeSchema,
  summary: z.string().describe("One sentence"),
  details: z.array(z.string()).describe("More sentences, the most important first"),
  waiting: z
    .object({
      position: positionSchema,
      hosts: z.object({ total: z.int(), groups: z.array(hostGroupSchema) }),
      unblock: z.object({ what: z.enum(UNBLOCKS), text: z.string() }),
      eta: etaSchema.nullable(),
      etaUnknown: z.string().nullable().describe("Why there is no eta"),
    })
    .nullable()
    .describe("null unless it is queued"),
  phase: z
    .object({
      phase: phaseSchema,
      since: timeSchema,
      seconds: z.number().describe("How long it lasts"),
      usual: z
        .object({ p50Seconds: z.number(), p90Seconds: z.number(), count: z.int() })
        .nullable()
        .describe("How long it takes with this image, by the newest few hundred; null: never measured"),
      isSlow: z.boolean().describe("It lasts longer than nine of ten did"),
      endsBy: timeSchema.nullable().describe("When its time is over"),
    })
    .nullable()
    .describe("null when it has ended"),
});
export type Explanation = z.infer<typeof explanationSchema>;
