import type { TartfleetError } from "./error.ts";

export interface OutageOptions {
  /**
   * Until the control plane has answered once, not to get through to it is taken for a mistake, like a wrong URL, and
   * fails at once.
   */
  failFast?: boolean;
  /** Told once when it is away, and what it is asked will be asked again. */
  onLost?: (error: TartfleetError) => void;
  /** Told once when it answers again. */
  onBack?: () => void;
}

/** Whether the control plane is away, as the calls of one client see it. */
export interface Outage {
  answered(): void;
  /** @returns whether it is worth waiting for */
  failed(error: TartfleetError): boolean;
}

/** Of connections that were there: what was asked may have arrived. */
const CUT = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);

export function makeOutage({ failFast = false, onLost, onBack }: OutageOptions): Outage {
  let hasAnswered = false;
  let isLost = false;
  return {
    answered() {
      hasAnswered = true;
      if (isLost) onBack?.();
      isLost = false;
    },
    failed(error) {
      if (failFast && !hasAnswered && !gotThrough(error)) return false;
      if (!isLost) onLost?.(error);
      isLost = true;
      return true;
    },
  };
}

function gotThrough({ status, cause }: TartfleetError): boolean {
  if (status !== undefined) return true;
  if (!(cause instanceof Error)) return false;
  return cause.name === "TimeoutError" || ("code" in cause && CUT.has(String(cause.code)));
}
