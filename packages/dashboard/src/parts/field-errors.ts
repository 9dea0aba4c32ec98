import type { AppRouter } from "@tartfleet/control-plane/router";
import { TRPCClientError } from "@trpc/client";

/** What the control plane has against each field of a call; none where it is not about fields. */
export function fieldErrorsOf(error: unknown): readonly { path: string; message: string }[] {
  return isOurs(error) ? (error.data?.problem.errors ?? []) : [];
}

function isOurs(error: unknown): error is TRPCClientError<AppRouter> {
  return error instanceof TRPCClientError;
}
