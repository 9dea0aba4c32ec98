import { z } from "zod";

/**
 * The parts of a VM's life that are measured. `run` is from ready to the beginning of its stop, `stop` from there
 * until its instance was seen gone; the others are the states of the same name.
 */
export const PHASES = [
  "queued",
  "assigned",
  "pulling",
  "cloning",
  "booting",
  "provisioning",
  "run",
  "stop",
] as const;
export const phaseSchema = z.enum(PHASES);
export type Phase = z.infer<typeof phaseSchema>;
