import {
  createVmSchema,
  guestOsSchema,
  imageOrChannelSchema,
  labelsSchema,
  nameSchema,
  prioritySchema,
  teamSchema,
  type CreateVm,
} from "@tartfleet/shared";
import { z } from "zod";

const day = 86_400;

/** What every runner definition says of its VMs, whatever the CI system: spread into the object of its schema. */
export const vmFields = {
  /** Unique over all systems; VMs and runners are named after it. */
  name: nameSchema.max(32, "must have at most 32 characters"),
  image: imageOrChannelSchema,
  os: guestOsSchema.default("macos"),
  cpu: z.int().min(1).max(64).optional(),
  memoryMiB: z.int().min(512).max(1_048_576).optional(),
  diskGiB: z.int().min(10).max(8192).optional(),
  hostLabels: labelsSchema.default({}),
  team: teamSchema.optional(),
  priority: prioritySchema.optional(),
  /** So many runners wait for jobs that have not come yet. */
  min: z.int().min(0).max(1000).default(0),
  /** So many VMs at once, at most. */
  max: z.int().min(1).max(10_000),
  ttlSeconds: z
    .int()
    .min(60)
    .max(7 * day)
    .optional(),
  /** How long a runner waits for a job that was counted and went elsewhere. */
  idleSeconds: z.int().min(60).max(day).default(600),
};

/** A runner definition, as far as it is of VMs. */
export type VmDefinition = z.output<z.ZodObject<typeof vmFields>>;

/** For `superRefine` of a definition's schema. */
export function minWithinMax(
  { min, max }: Pick<VmDefinition, "min" | "max">,
  context: z.RefinementCtx,
): void {
  if (min > max) context.addIssue({ code: "custom", path: ["min"], message: "must not be more than max" });
}

/** For `superRefine` of the schema of a list of definitions. */
export function uniqueNames(
  definitions: readonly Pick<VmDefinition, "name">[],
  context: z.RefinementCtx,
): void {
  if (new Set(definitions.map(({ name }) => name)).size < definitions.length)
    context.addIssue({ code: "custom", message: "two have the same name" });
}

/** The create of one of its VMs, whose runner comes later. */
export function createOf(definition: VmDefinition, salt: string): CreateVm {
  const { name, image, os, cpu, memoryMiB, diskGiB, hostLabels, priority, ttlSeconds } = definition;
  return createVmSchema.parse({
    name: `${name}-${salt}`,
    image,
    os,
    cpu,
    memoryMiB,
    diskGiB,
    hostLabels,
    priority,
    ttlSeconds,
    noJobTimeoutSeconds: definition.idleSeconds,
    allowPending: true,
  });
}
