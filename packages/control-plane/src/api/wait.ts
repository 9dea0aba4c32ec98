import { CallError } from "@tartfleet/shared";
import type { VmRecord } from "@tartfleet/shared";
import type { UseCases } from "../engine/use-cases.ts";

/**
 * The long poll of both faces: answers when the VM has come that far, after the time, and at once when the
 * caller is gone or the control plane shuts down.
 */
export async function waitForVm(
  { useCases, draining }: { useCases: UseCases; draining: AbortSignal },
  id: string,
  query: { for: "ready" | "ended"; timeoutSeconds: number },
  gone: AbortSignal | undefined,
): Promise<VmRecord> {
  const signal = gone ? AbortSignal.any([gone, draining]) : draining;
  try {
    return await useCases.waitForVm(id, query.for, query.timeoutSeconds, signal);
  } catch (error) {
    if (!draining.aborted || error instanceof CallError) throw error;
    throw new CallError("shutting_down", "The control plane is shutting down; ask again in a moment");
  }
}
