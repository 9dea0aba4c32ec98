import type { Context } from "../domain/lifecycle.ts";
import type { Store } from "../store/store.ts";
import type { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";

const BATCH = 100;

/**
 * Fires the VMs' deadlines. They live in the store, so they survive a restart; none fires before
 * `quietUntil`, so that agents can first tell what happened while the control plane was down.
 */
export function startDeadlines(options: {
  store: Store;
  changes: Changes;
  clock: Clock;
  quietUntil: number;
  context(): Context;
  onError(error: unknown): void;
}): { stop(): void } {
  const { store, changes, clock, quietUntil, context, onError } = options;
  let cancel: (() => void) | undefined;
  let armedFor = Number.POSITIVE_INFINITY;

  function arm(): void {
    const next = store.nextDeadline();
    const at = next === null ? Number.POSITIVE_INFINITY : Math.max(next, quietUntil);
    if (at === armedFor) return;
    cancel?.();
    armedFor = at;
    cancel = at === Number.POSITIVE_INFINITY ? undefined : clock.after(at - clock.now(), fire);
  }

  function fire(): void {
    armedFor = Number.POSITIVE_INFINITY;
    const due = clock.now() < quietUntil ? [] : store.dueVms(clock.now(), BATCH);
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
      unsubscribe();
      cancel?.();
    },
  };
}
