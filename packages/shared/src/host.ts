import { z } from "zod";
import { cordonRecordSchema } from "./cordon.ts";
import { attemptErrorCodeSchema } from "./error-codes.ts";
import { findingsSchema } from "./finding.ts";
import { digestSchema, imageSchema, labelsSchema, nameSchema } from "./names.ts";
import { prioritySchema } from "./priority.ts";
import { shownOnce } from "./secret.ts";
import { teamSchema } from "./team.ts";
import { guestOsSchema, timeSchema } from "./vm.ts";

/** Slots of a Mac: by Apple's licence and its kernel (tart-contract §4.1). */
export const SLOTS_PER_HOST = 2;

/** What an agent knows of its host. Sent whole with `hello`, and again when something changed. */
export const hostFactsSchema = z.object({
  agentVersion: z.string().max(64),
  tartVersion: z.string().max(64),
  osVersion: z.string().max(64).describe("Version of the host's macOS"),
  arch: z.string().max(16),
  cpu: z.int().min(1),
  memoryMiB: z.int().min(1),
  diskTotalGiB: z.int().min(0),
  diskFreeGiB: z.int().min(0),
  labels: labelsSchema,
  images: z
    .array(
      z.object({
        reference: z.string().max(512),
        sizeGiB: z.number(),
        digest: digestSchema.optional().describe("What the reference stands for on this host"),
        isOurs: z
          .boolean()
          .optional()
          .describe("Its agent fetched it; others may be people's, and are not removed unasked"),
        lastUsedAt: timeSchema.optional().describe("When tart last used it; tart before 2.31 does not say"),
      }),
    )
    .max(1000),
  pulls: z
    .array(
      z.object({
        reference: z.string().max(512),
        percent: z.int().min(0).max(100),
        totalBytes: z.int().min(0).optional().describe("What is to be fetched, compressed"),
      }),
    )
    .max(100)
    .optional()
    .describe("What it fetches now; without it: its agent is too old to tell"),
  imageFailures: z
    .array(
      z.object({
        work: z.enum(["pull", "remove"]),
        reference: z.string().max(512),
        grant: z.int(),
        code: attemptErrorCodeSchema.catch("tart_failed"),
        message: z.string().max(2000),
      }),
    )
    .max(1000)
    .optional()
    .describe(
      "What it was told to fetch or remove, beside its VMs' images, and could not; without it: its agent is too old to be told to",
    ),
  foreign: z
    .array(z.object({ name: z.string().max(255), os: z.string().max(16), running: z.boolean() }))
    .max(1000)
    .describe("Tart VMs that are not tartfleet's; never touched"),
  phantomSlots: z
    .int()
    .min(0)
    .max(SLOTS_PER_HOST)
    .describe("Slots that the host itself found taken by something tartfleet did not ask for"),
  findings: findingsSchema
    .optional()
    .describe("What the host's doctor found; missing until it has looked, and from an agent without one"),
  resolvesTags: z
    .boolean()
    .optional()
    .describe("Its agent can ask registries what tags stand for; older agents cannot"),
  keepsWarm: z
    .boolean()
    .optional()
    .describe("The agent knows how to keep VMs warm; without it, it gets none"),
  tunnelKinds: z
    .array(z.string().max(32))
    .max(32)
    .optional()
    .describe("Kinds of tunnels that the agent can open; older agents can open none"),
});
export type HostFacts = z.infer<typeof hostFactsSchema>;

export const slotRecordSchema = z.object({
  slot: z.int(),
  vmId: z.string().nullable().describe("null also for a VM of another team than the token's"),
  attempt: z.int().nullable(),
  state: z.enum(["free", "busy", "phantom"]),
});

export const hostRecordSchema = z.object({
  name: z.string(),
  connected: z.boolean(),
  lastSeenAt: timeSchema.nullable(),
  unreachableSince: timeSchema.nullable(),
  machineId: z.string(),
  labels: labelsSchema.describe("What VMs' hostLabels are compared with: its agent's, under the bound ones"),
  boundLabels: labelsSchema.describe("Of the token that enrolled it; its agent cannot change them"),
  cordon: cordonRecordSchema.nullable().describe("It gets nothing new while this is there"),
  slots: z.array(slotRecordSchema),
  agentIsBehind: z
    .boolean()
    .describe("Its agent is older than the control plane: upgrade it; a restart of the agent touches no VM"),
  linuxVms: z.array(z.object({ vmId: z.string(), attempt: z.int() })),
  facts: hostFactsSchema.nullable().describe("null until the agent has connected once"),
  createdAt: timeSchema,
});
export type HostRecord = z.infer<typeof hostRecordSchema>;

/** Counts of slots; busy + free + phantom + unreachable + cordoned = total. */
const slotCountsSchema = z.object({
  total: z.int(),
  busy: z.int(),
  free: z.int(),
  phantom: z.int(),
  unreachable: z.int(),
  cordoned: z.int(),
});
export type SlotCounts = z.infer<typeof slotCountsSchema>;

/** Query of `GET /v1/fleet/capacity`: with any of these the answer has `room`, for a VM of that kind. */
export const capacityQuerySchema = z.strictObject({
  image: imageSchema.optional(),
  team: teamSchema.optional().describe("Default: the token's"),
  priority: prioritySchema.optional(),
  os: guestOsSchema.optional().describe("Default: macos"),
  cpu: z.coerce.number().int().min(1).max(64).optional(),
  memoryMiB: z.coerce.number().int().min(512).max(1_048_576).optional(),
  hostLabels: z
    .string()
    .max(10_000)
    .optional()
    .transform((text, context) => {
      if (text === undefined) return undefined;
      const pairs = text.split(",").map((pair) => /^([^=]+)=(.*)$/s.exec(pair));
      const labels = labelsSchema.safeParse(
        Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1], pair[2]]] : []))),
      );
      if (labels.success && pairs.every((pair) => pair !== null)) return labels.data;
      context.addIssue({ code: "custom", message: "must be labels like xcode=16,rack=b4" });
      return z.NEVER;
    })
    .describe("Comma-separated key=value; the host must carry all of these"),
});
export type CapacityQuery = z.infer<typeof capacityQuerySchema>;

const capacityRoomSchema = z.object({
  team: z.string(),
  image: z.string().nullable(),
  startNow: z
    .int()
    .describe("How many of them could start now: slots, sizes, labels, the team's cap, kept slots"),
  withImage: z
    .int()
    .nullable()
    .describe("Of those, on hosts that have the image; null when none was asked for"),
  limitedBy: z.enum(["hosts", "share", "reserved"]),
  teamHolds: z.int().describe("Slots"),
  teamCap: z.int().nullable(),
  waiting: z.int().describe("VMs that wait in the whole fleet, and come first where they fit"),
  frees: z
    .object({
      withinSeconds: z.int(),
      expected: z.number().describe("How many VMs on such hosts will have ended, on the average"),
      p50: z.int(),
      p90: z.int().describe("At least so many in nine of ten cases"),
    })
    .nullable()
    .describe("null: no VM of the fleet has come to its end yet, so nobody knows"),
});
export type CapacityRoom = z.infer<typeof capacityRoomSchema>;

export const capacitySchema = z.object({
  room: capacityRoomSchema.optional().describe("Only when the query asks for a kind of VM"),
  slots: slotCountsSchema,
  queued: z.int(),
  byHostLabel: z.array(slotCountsSchema.extend({ label: z.string().describe("key=value") })),
  byImage: z.array(
    z.object({
      image: z.string(),
      hosts: z.int().describe("Hosts that have it"),
      free: z.int().describe("Free slots on those hosts"),
      queued: z.int(),
      running: z.int(),
    }),
  ),
});
export type Capacity = z.infer<typeof capacitySchema>;

export const enrolHostSchema = z.strictObject({
  name: nameSchema,
  machineId: z
    .string()
    .min(8)
    .max(128)
    .regex(/^[A-Za-z0-9-]+$/, "must be letters, digits and hyphens"),
});
export type EnrolHost = z.infer<typeof enrolHostSchema>;

export const enrolledHostSchema = z.object({
  name: z.string(),
  credential: shownOnce.describe("The host's own token; shown once"),
});
