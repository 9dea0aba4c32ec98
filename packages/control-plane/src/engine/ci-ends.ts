import type { AuditDetails } from "@tartfleet/shared";
import type { CiEnd } from "../domain/lifecycle.ts";
import { actOf, vmName, type ActName } from "./acts.ts";
import type { Parts } from "./parts.ts";
import type { Caller } from "./use-cases.ts";

export interface CiEnding {
  reason: CiEnd;
  /** A sentence for people: what the CI system said, or did not. */
  why: string;
  action: ActName;
  details?: AuditDetails;
}

/** @returns whether it ended the VM, which is then in the audit log; what has gone on meanwhile is left alone */
export type EndForCi = (caller: Caller, vmId: string, ending: CiEnding) => Promise<boolean>;

/** How an integration ends a VM that it asked for, on its CI system's word. */
export function makeEndForCi({
  store,
  changes,
  context,
}: Pick<Parts, "store" | "changes" | "context">): EndForCi {
  return async (caller, vmId, { reason, why, action, details }) => {
    const act = actOf(caller, action, vmName(vmId), details);
    const applied = await store.applyEvent(vmId, { kind: "ci_ended", reason, why }, context(), act);
    changes.publish(applied);
    return applied.outcome === "applied";
  };
}
