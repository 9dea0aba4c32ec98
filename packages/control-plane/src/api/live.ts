import { CallError } from "@tartfleet/shared";
import type { UseCases } from "../engine/use-cases.ts";
import { authenticate } from "./authenticate.ts";
import { untilAborted } from "./streams.ts";

/** Whose stream it is, and when it has to end. */
interface Listener {
  useCases: Pick<UseCases, "authenticate">;
  bearer: string | undefined;
  draining: AbortSignal;
}

/**
 * A stream's values, until it ends or its listener goes away. It ends by an error when the control plane
 * shuts down or the token stops being valid, since a client takes an ending without one as the end of the
 * matter.
 */
export async function* live<T>(
  { useCases, bearer, draining }: Listener,
  open: (signal: AbortSignal) => AsyncGenerator<T, void>,
  gone: AbortSignal | undefined,
): AsyncGenerator<T, void> {
  const signal = gone ? AbortSignal.any([gone, draining]) : draining;
  for await (const value of untilAborted(open(signal), signal)) {
    authenticate(useCases, bearer);
    yield value;
  }
  if (draining.aborted) throw new CallError("shutting_down", "The control plane is shutting down; come back");
}
