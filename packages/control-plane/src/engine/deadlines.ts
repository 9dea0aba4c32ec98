import type { Context } from "../domain/lifecycle.ts";
import type { Store } from "../store/store.ts";
import type { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";

const BATCH = 100;

/** Fires the VMs' deadlines. They live in the store, so they survive a restart; one timer waits for the next. */
export function startDeadlines(options: {
  store: Store;
  changes: Changes;
  clock: Clock;
  context(): Context;
  onError(error: unknown): void;
}): { stop(): void } {
  const { store, changes, clock, context, onError } = options;
  let cancel: (() => void) | undefined;
  let armedFor = Number.POSITIVE_INFINITY;
  let stopped = false;

  function arm(): void {
    if (stopped) return;
    const next = store.nextDeadline();
    const at = next ?? Number.POSITIVE_INFINITY;
    if (at === armedFor) return;
    cancel?.();
    armedFor = at;
    cancel = at === Number.POSITIVE_INFINITY ? undefined : clock.after(at - clock.now(), fire);
  }

  function fire(): void {
    armedFor = Number.POSITIVE_INFINITY;
    const due = store.dueVms(clock.now(), BATCH);
    Promise.all(
      due.map((vmId) => store.applyEvent(vmId, { kind: "time_passed" }, context()).then(changes.publish)),
    )
      .then(arm)
      .catch(onError);
  }

  const unsubscribe = changes.onStep(arm);
  arm();
  return {
    stop() {
      stopped = true;
      unsubscribe();
      cancel?.();
    },
  };
}
