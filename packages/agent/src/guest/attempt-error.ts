import type { AttemptError } from "@tartfleet/shared";
import type { GuestFailure } from "./guest.ts";

/** A guest's failure in the words of the control plane. */
export function attemptErrorOfGuest(failure: GuestFailure): AttemptError {
  const reached = failure.class === "outcome_unknown" || failure.class === "timed_out";
  return {
    code: reached ? "provision_failed" : "guest_unreachable",
    message: failure.message,
    facts: { step: "guest", class: failure.class, via: failure.via, output: failure.output },
  };
}
