import { AGEING_MS } from "../fleet/control-plane.ts";
import type { ShareRow, View, VmRow } from "./view.ts";

const NO_SHARE: Omit<ShareRow, "team"> = { guaranteed: 0, cap: null };

export function shareOf({ shares }: Pick<View, "shares">, team: string): Omit<ShareRow, "team"> {
  return shares.find((share) => share.team === team) ?? NO_SHARE;
}

/** Slots that attempts of the team's VMs have. */
export function heldBy(team: string, { attempts, vms }: Pick<View, "attempts" | "vms">): number {
  return attempts.filter(
    ({ slot, goneAt, vmId }) => slot !== null && goneAt === null && vms.get(vmId)?.team === team,
  ).length;
}

/** Whether its team may have no slot for it. */
export function isHeldBack({ os, team }: VmRow, view: View): boolean {
  const { cap } = shareOf(view, team);
  return os === "macos" && cap !== null && heldBy(team, view) >= cap;
}

/** The classes of priority as the simulated control plane has them, the most urgent first. */
const CLASSES = ["release", "default", "batch"] as const;

/** By when it is due in its team's queue. */
export function dueOf({ createdAt, priority }: VmRow): number {
  const rank = CLASSES.findIndex((name) => name === priority);
  return createdAt + rank * AGEING_MS;
}
