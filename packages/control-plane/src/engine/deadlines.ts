import type { Context } from "../domain/lifecycle.ts";
import { deadlineOf } from "../domain/vm.ts";
import { passesByItself } from "../store/faults.ts";
import type { Store } from "../store/store.ts";
import type { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";
import type { Patience } from "./patience.ts";

const BATCH = 100;

/**
 * Fires the VMs' deadlines. They live in the store, so they survive a restart; one timer waits for the next.
 * While the store takes nothing nobody can be heard: what came due meanwhile is put off first.
 */
export function startDeadlines(options: {
  store: Store;
  changes: Changes;
  clock: Clock;
  patience: Patience;
  context(): Context;
  /** Puts off what was to be heard of by now, as after a start, and what so long a time is not to count for. */
  putOff(lostMs: number): Promise<void>;
}): {
  /** To be called when deadlines were changed in the store by other means than a step. */
  changed(): void;
  stop(): void;
} {
  const { store, changes, clock, patience, context, putOff } = options;
  let cancel: (() => void) | undefined;
  let armedFor = Number.POSITIVE_INFINITY;
  let isFiring = false;
  let stopped = false;

  function arm(): void {
    if (stopped || isFiring) return;
    const next = store.nextDeadline();
    const at = next ?? Number.POSITIVE_INFINITY;
    if (at === armedFor) return;
    cancel?.();
    armedFor = at;
    cancel = at === Number.POSITIVE_INFINITY ? undefined : clock.after(at - clock.now(), fire);
  }

  function fire(): void {
    armedFor = Number.POSITIVE_INFINITY;
    isFiring = true;
    let sickSince: number | undefined;
    patience.keepTrying(async () => {
      try {
        if (sickSince === undefined) await fireDue();
        else await putOff(clock.now() - sickSince);
      } catch (error) {
        if (passesByItself(error)) sickSince ??= clock.now();
        throw error;
      }
      isFiring = false;
      patience.keepTrying(arm);
    });
  }

  async function fireDue(): Promise<void> {
    const due = store.dueVms(clock.now(), BATCH);
    await Promise.all(
      due.map((vmId) => store.applyEvent(vmId, { kind: "time_passed" }, context()).then(changes.publish)),
    );
  }

  const unsubscribe = changes.onApplied(({ vm }) => {
    const at = deadlineOf(vm);
    // A later one can wait until the timer has gone off.
    if (at === null || at < armedFor) patience.keepTrying(arm);
  });
  arm();
  return {
    changed: arm,
    stop() {
      stopped = true;
      unsubscribe();
      cancel?.();
    },
  };
}
