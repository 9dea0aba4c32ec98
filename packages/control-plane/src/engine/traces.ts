import { spansOver, type Span, type VmTrace } from "../domain/trace.ts";
import type { Vm } from "../domain/vm.ts";
import type { Parts } from "./parts.ts";

/** A span as it leaves us, with what is said of its VM. */
export interface TracedSpan extends Span {
  vm: Pick<Vm, "id" | "team" | "spec">;
  host: string | null;
}

/** Where spans go. */
export interface Tracer {
  /**
   * The trace of a VM that is being accepted.
   *
   * @param traceparent the caller's W3C Trace Context as it was sent; what is malformed counts as none
   * @returns undefined when the caller's trace is not to be recorded
   */
  begin(traceparent: string | undefined): VmTrace | undefined;
  /** Takes a span that is over. Never throws and holds nobody up: what cannot be sent is dropped. */
  take(trace: VmTrace, span: TracedSpan): void;
}

/** Hands on what is over, from the times that the store keeps: a restart in the middle of a phase changes nothing. */
export function traceVms(tracer: Tracer, { store, changes }: Pick<Parts, "store" | "changes">): () => void {
  return changes.onApplied(({ vm, phase }) => {
    const { trace } = vm.spec;
    if (!trace || !phase) return;
    for (const span of spansOver(vm, phase)) {
      const host = span.hostId === null ? null : store.hostName(span.hostId);
      tracer.take(trace, { ...span, vm, host });
    }
  });
}
