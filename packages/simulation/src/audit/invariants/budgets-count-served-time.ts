import type { Invariant } from "../invariant.ts";
import type { EventRow, View, VmRow } from "../view.ts";

/** A stop that is short need not be noticed, a longer one is from a timer's time on; the auditor looks seldom, too. */
const GAP_MS = 12_000;
/** Clocks have paces of their own. */
const PACE = 0.997;
/** A host must answer so soon (`CONFIG` of the control plane). */
const ASSIGNED_MS = 120_000;

interface Mark {
  state: VmRow["state"];
  attempt: number;
  /** What was served when it began. */
  from: Served;
  budgetMs: number;
}

/** How long a control plane was there that did not stand still, and how often one was not. */
interface Served {
  ms: number;
  gaps: number;
}

/** No queue timeout and no phase's budget counts time in which the control plane was down or stood still. */
export function budgetsCountServedTime(): Invariant {
  let marks = new Map<string, Mark>();
  const watch = watchServing();
  return {
    name: "budgets-count-served-time",
    check(view) {
      const served = watch(view);
      const before = marks;
      marks = new Map();
      const events = Map.groupBy(view.events, ({ vmId }) => vmId);
      for (const vm of view.vms.values()) {
        const mark = before.get(vm.id);
        const own = events.get(vm.id) ?? [];
        if (mark && !view.isOfLostTime(vm.id) && hasRunOut(vm, mark, own)) {
          const [ms, gaps] = [served.ms - mark.from.ms, served.gaps - mark.from.gaps];
          if (ms + gaps * GAP_MS < mark.budgetMs * PACE - 1000) {
            return `VM ${vm.id} ran out of ${mark.budgetMs / 1000} s of being ${mark.state}, in ${Math.round(ms / 1000)} s with ${gaps} gaps`;
          }
        }
        if (vm.endedAt !== null) continue;
        const isSame = mark?.state === vm.state && mark.attempt === vm.attempt;
        marks.set(
          vm.id,
          isSame ? mark : { ...vm, from: begunAt(vm, served, view), budgetMs: budgetOf(vm, own) },
        );
      }
      return undefined;
    },
    onRestored() {
      marks.clear();
    },
  };
}

/** It may have begun a while before it could be written down. */
function begunAt({ stateSince }: VmRow, { ms, gaps }: Served, { fleet }: View): Served {
  const now = fleet.site.serving()?.process.clock.now() ?? stateSince;
  return { ms: ms - Math.max(0, now - stateSince), gaps };
}

function hasRunOut(vm: VmRow, { state }: Mark, events: readonly EventRow[]): boolean {
  if (state === "queued") return vm.endReason === "queue_timeout";
  return events.some(
    ({ type, data }) =>
      type === "attempt_failed" && data.includes('"phase_timeout"') && data.includes(`"phase":"${state}"`),
  );
}

/** Zero where none is known. */
function budgetOf(vm: VmRow, events: readonly EventRow[]): number {
  if (vm.state === "queued") return vm.queueTimeoutMs;
  if (vm.state === "assigned") return ASSIGNED_MS;
  const entered = events.findLast(({ type, state }) => type === "state" && state === vm.state);
  const data: { budgetSeconds?: number } = JSON.parse(entered?.data ?? "{}");
  return (data.budgetSeconds ?? 0) * 1000;
}

function watchServing(): (view: Pick<View, "fleet" | "now">) => Served {
  let served: Served = { ms: 0, gaps: 0 };
  let last: { process: object | undefined; now: number; stoppedMs: number } | undefined;
  return ({ fleet, now }) => {
    const process = fleet.site.serving()?.process;
    const stoppedMs = process?.stoppedMs() ?? 0;
    if (last?.process !== process) served = { ms: served.ms, gaps: served.gaps + 1 };
    else if (last && process) {
      const stopped = stoppedMs - last.stoppedMs;
      served = {
        ms: served.ms + Math.max(0, now - last.now - stopped),
        gaps: served.gaps + (stopped > 0 ? 1 : 0),
      };
    }
    last = { process, now, stoppedMs };
    return served;
  };
}
