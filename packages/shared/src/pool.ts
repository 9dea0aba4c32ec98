import { z } from "zod";
import { imageOrChannelSchema, labelsSchema, nameSchema } from "./names.ts";
import { createVmSchema, guestOsSchema, runOptionsSchema, timeSchema } from "./vm.ts";

const MOST_WARM = 10_000;

/** Days of the week, as windows name them. */
export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const timeOfDaySchema = z
  .string()
  .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, "must be a time of day like 07:30");

const windowSchema = z.strictObject({
  days: z.array(z.enum(WEEKDAYS)).min(1).max(WEEKDAYS.length).describe("Days on which it begins"),
  from: timeOfDaySchema,
  to: timeOfDaySchema.describe("When it is over; at or before `from`: on the next day"),
  minIdle: z.int().min(0).max(MOST_WARM).optional().describe("In this window, in place of the pool's"),
});
export type PoolWindow = z.infer<typeof windowSchema>;

const timeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, "must be a time zone of the IANA database like Europe/Berlin");

/** When a pool keeps VMs warm; outside its windows it keeps none. */
const scheduleSchema = z.strictObject({
  timeZone: timeZoneSchema.default("UTC"),
  windows: z.array(windowSchema).min(1).max(50),
});
export type PoolSchedule = z.infer<typeof scheduleSchema>;

const poolSchema = z.strictObject({
  image: imageOrChannelSchema.describe("An OCI reference, or channel:<name>: the image that it has just now"),
  os: guestOsSchema.default("macos"),
  cpu: createVmSchema.shape.cpu,
  memoryMiB: createVmSchema.shape.memoryMiB,
  diskGiB: createVmSchema.shape.diskGiB,
  run: runOptionsSchema.default({}),
  hostLabels: labelsSchema.default({}).describe("Its VMs are kept on hosts that carry all of these"),
  minIdle: z.int().min(0).max(MOST_WARM).describe("VMs that are kept booted and free, while there is room"),
  max: z
    .int()
    .min(1)
    .max(MOST_WARM)
    .optional()
    .describe(
      "Its VMs at most, those included that boot, are renewed or are being stopped; default: one more than are kept",
    ),
  maxAgeMinutes: z
    .int()
    .min(1)
    .max(43_200)
    .default(1440)
    .describe(
      "A warm VM that nobody took is renewed at that age, or up to a fifth sooner, lest all are at once",
    ),
  schedule: scheduleSchema.nullable().default(null).describe("null: always"),
});

/** The body of `PUT /v1/pools/{name}`: the whole pool. */
export const setPoolSchema = poolSchema.refine(
  ({ minIdle, max, schedule }) =>
    max === undefined ||
    max >= Math.max(minIdle, ...(schedule?.windows ?? []).map((window) => window.minIdle ?? 0)),
  { path: ["max"], error: "must be at least as many as are kept" },
);
export type SetPool = z.infer<typeof setPoolSchema>;
export type SetPoolInput = z.input<typeof setPoolSchema>;

/** A pool as the API shows it. */
export const poolRecordSchema = z.object({
  name: nameSchema,
  ...poolSchema.shape,
  image: z.string(),
  cpu: z.int().nullable(),
  memoryMiB: z.int().nullable(),
  diskGiB: z.int().nullable(),
  max: z.int(),
  wanted: z.int().describe("VMs that it keeps now, by its schedule"),
  idle: z.int().describe("VMs that a create can take now"),
  booting: z.int(),
  leaving: z.int().describe("VMs that are being stopped"),
  hits: z.int().describe("VMs that took a warm one"),
  misses: z.int().describe("VMs that the pool was there for and that had to be booted"),
  idleMinutes: z.number().describe("How long its VMs have stood by in all"),
  nextChangeAt: timeSchema.nullable().describe("When its schedule may next want another number"),
  pausedUntil: timeSchema
    .nullable()
    .describe("Its VMs failed to come up: until then none is tried, and then one"),
  lastFailure: z
    .string()
    .nullable()
    .describe("Why the newest of them failed, while it has not come up since"),
});
export type PoolRecord = z.infer<typeof poolRecordSchema>;

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
