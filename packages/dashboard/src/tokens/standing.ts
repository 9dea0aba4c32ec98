import type { TokenRecord } from "@tartfleet/shared";

/** What stands in the page's address. */
export interface TokensFilter {
  /** Also those that do not work any more. */
  show?: "ended";
}

export type Standing = "valid" | "revoked" | "expired" | "used up";

/** Whether a token works, and if not, why. Pure. */
export function standingOf(
  { revokedAt, expiresAt, enrolment }: Pick<TokenRecord, "revokedAt" | "expiresAt" | "enrolment">,
  now: number,
): Standing {
  if (revokedAt !== null) return "revoked";
  if (expiresAt !== null && Date.parse(expiresAt) <= now) return "expired";
  return enrolment && enrolment.maxUses !== null && enrolment.uses >= enrolment.maxUses ? "used up" : "valid";
}
