import { nameSchema } from "./names.ts";

/** Who shares the fleet: a VM belongs to the team of the token that made it. */
export const teamSchema = nameSchema;

/** The team of tokens and VMs for which none was named. */
export const DEFAULT_TEAM = "default";
