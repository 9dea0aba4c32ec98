import { attend, type Attendant } from "./attendance.ts";
import { untilAborted } from "./streams.ts";

/**
 * A stream's values, until it ends or its listener goes away. It ends by an error when the control plane
 * shuts down or the token stops being valid, since a client takes an ending without one as the end of the
 * matter.
 */
export async function* live<T>(
  attendant: Attendant,
  open: (signal: AbortSignal) => AsyncGenerator<T, void>,
  gone: AbortSignal | undefined,
): AsyncGenerator<T, void> {
  const { signal, throwIfCut, release } = attend(attendant, gone);
  try {
    for await (const value of untilAborted(open(signal), signal)) {
      yield value;
      // tRPC takes whatever there is. Who reads slowly is not told of what is old when it arrives.
      const left = attendant.drained?.();
      if (left) await left;
    }
    throwIfCut();
  } finally {
    release();
  }
}
