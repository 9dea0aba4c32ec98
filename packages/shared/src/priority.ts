import { nameSchema } from "./names.ts";

/** A class of priority inside a team; which there are is a setting of the control plane. */
export const prioritySchema = nameSchema;

/** The class of VMs for which none was named. */
export const DEFAULT_PRIORITY = "default";
