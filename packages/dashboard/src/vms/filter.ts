import type { VmState } from "@tartfleet/shared";
import { hasEnded, STATES } from "../parts/vm-words.ts";

/** What the list of VMs is narrowed to; it stands in the page's address. */
export interface VmsFilter {
  /** A state, or all in which a VM lives. */
  state?: VmState | "alive";
  /** These as whole words: the control plane looks them up. */
  name?: string;
  team?: string;
  host?: string;
  jobId?: string;
  label?: string;
}

const ALIVE: readonly VmState[] = STATES.filter((state) => !hasEnded(state));
export const VM_FILTER_STATES: readonly NonNullable<VmsFilter["state"]>[] = ["alive", ...STATES];

/** The same as the control plane's query; a label that is not a pair yet asks for nothing. */
export function queryOf({ state, label, ...exact }: VmsFilter) {
  return {
    ...exact,
    ...(state === undefined ? {} : { state: state === "alive" ? ALIVE.join(",") : state }),
    ...(label !== undefined && /^[^=]+=/.test(label) ? { label } : {}),
  };
}
