import { z } from "zod";

/** 1–255 printable ASCII characters, so that it survives a header. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, "must be 1 to 255 printable ASCII characters");

/** Where to go on in a VM's history: the id of the last event that was seen. */
export const afterSchema = z.coerce.number().int().min(0).default(0);

/** Query of `GET /v1/vms/{id}/events`. */
export const eventsQuerySchema = z.strictObject({
  after: afterSchema.describe("Only events after the one with this id"),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
});
