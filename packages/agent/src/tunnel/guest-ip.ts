import type { TunnelFailure } from "@tartfleet/shared";
import { failed, type Result } from "../tart/result.ts";
import type { Tart } from "../tart/tart.ts";

/** The guest's address as it is now: DHCP may have given it another one since it booted. */
export async function guestIp(
  tart: Pick<Tart, "ip">,
  name: string,
  signal: AbortSignal,
): Promise<Result<string, TunnelFailure>> {
  const byLease = await tart.ip(name, { signal });
  if (byLease.ok) return byLease;
  const byAgent = await tart.ip(name, { signal, resolver: "agent" });
  if (byAgent.ok) return byAgent;
  return failed({
    code: "guest_unreachable",
    message: `Nobody knows the guest's address. ${byLease.failure.message}`,
  });
}
