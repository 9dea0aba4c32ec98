import { z } from "zod";
import { vmIdSchema } from "./vm.ts";

export const attemptRefSchema = z.object({ vmId: vmIdSchema, attempt: z.int().min(1) });
export type AttemptRef = z.infer<typeof attemptRefSchema>;
