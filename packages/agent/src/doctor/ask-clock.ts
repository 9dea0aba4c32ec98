import { call, type Trust } from "@tartfleet/tls";
import { skewOf, type Skew } from "./clock.ts";

/** The longer the way, the less its answer says. */
const LIMIT_MS = 4000;

/**
 * Asks the control plane what time it is: by the `Date` header of an answer, so that hosts need no time server that
 * they can reach, and are compared with the clock by which their VMs live. No token is sent.
 *
 * @param trust whom to believe
 */
export async function askSkew(url: string, trust: Trust, signal: AbortSignal): Promise<Skew> {
  const askedAt = Date.now();
  try {
    const response = await call(`${url}/healthz`, trust, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
    });
    const answeredAt = Date.now();
    await response.body?.cancel();
    return skewOf(response.headers.get("date"), askedAt, answeredAt);
  } catch (error) {
    const why = error instanceof Error && error.message !== "" ? error.message : String(error);
    return { unknown: `The control plane, whose clock counts, did not answer (${why}).` };
  }
}
