import { CallError } from "@tartfleet/shared";
import type { Access } from "./admission.ts";
import { unauthenticated } from "./authenticate.ts";

/** Who waits for something, and when that has to end. */
export interface Attendant {
  access: Pick<Access, "whenInvalid">;
  /** Aborts when the control plane begins to shut down. */
  draining: AbortSignal;
  /** When what it was told has left for it; undefined when it has. */
  drained?: (() => Promise<void> | undefined) | undefined;
}

/** The time in which a long poll or a stream may go on. */
export interface Attendance {
  /** Aborts when the caller goes away, its token stops being valid, or the control plane shuts down. */
  signal: AbortSignal;
  /** @throws CallError unauthenticated, shutting_down; nothing when the caller just left */
  throwIfCut(): void;
  /** To be called at the end. */
  release(): void;
}

/** @param gone aborts when the caller goes away */
export function attend({ access, draining }: Attendant, gone: AbortSignal | undefined): Attendance {
  const invalid = new AbortController();
  const release = access.whenInvalid(() => invalid.abort());
  return {
    signal: AbortSignal.any([invalid.signal, draining, ...(gone ? [gone] : [])]),
    throwIfCut() {
      if (invalid.signal.aborted) throw unauthenticated();
      if (draining.aborted) {
        throw new CallError("shutting_down", "The control plane is shutting down; come back");
      }
    },
    release,
  };
}
