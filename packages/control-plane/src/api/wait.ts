import { CallError } from "@tartfleet/shared";
import type { VmRecord } from "@tartfleet/shared";
import type { UseCases } from "../engine/use-cases.ts";
import { attend, type Attendant } from "./attendance.ts";

/**
 * The long poll of both faces: answers when the VM has come that far, after the time, and at once when the
 * caller is gone, its token is no longer valid or the control plane shuts down.
 */
export async function waitForVm(
  attendant: Attendant & { useCases: Pick<UseCases, "waitForVm"> },
  id: string,
  query: { for: "ready" | "ended"; timeoutSeconds: number },
  gone: AbortSignal | undefined,
): Promise<VmRecord> {
  const { signal, throwIfCut, release } = attend(attendant, gone);
  try {
    const vm = await attendant.useCases.waitForVm(id, query.for, query.timeoutSeconds, signal);
    if (!attendant.draining.aborted) throwIfCut();
    return vm;
  } catch (error) {
    if (!(error instanceof CallError)) throwIfCut();
    throw error;
  } finally {
    release();
  }
}
