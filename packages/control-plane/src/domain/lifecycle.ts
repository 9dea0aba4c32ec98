import type { VmState } from "@tartfleet/shared";
import * as bringUpRules from "./lifecycle/bring-up.ts";
import * as ciRules from "./lifecycle/ci-end.ts";
import * as endRules from "./lifecycle/end.ts";
import type { Context, LifecycleEvent, Row, Step } from "./lifecycle/event.ts";
import * as holdRules from "./lifecycle/hold.ts";
import * as noteRules from "./lifecycle/notes.ts";
import * as warmRules from "./lifecycle/warm.ts";
import type { Vm } from "./vm.ts";

export type {
  Budgets,
  CiEnd,
  Context,
  HistoryEntry,
  ImageAnswer,
  LifecycleEvent,
} from "./lifecycle/event.ts";

const rules = { ...bringUpRules, ...ciRules, ...endRules, ...holdRules, ...noteRules, ...warmRules };

const ignore = (why: string) => (): Step => ({ outcome: "ignored", reason: why });
const notYet = ignore("the VM has not come that far");
const over = ignore("the VM has ended");
const late = ignore("the VM is past that state");
const notStandingBy = ignore("it is not standing by");

const bringUp: Row = {
  placed: late,
  phase: rules.advance,
  failed: rules.tryAgainOrFail,
  run_ended: rules.endedEarly,
  gone: rules.vanishedEarly,
  stop_rung: rules.note,
  script_result: rules.keepResult,
  // Its guest has a token, so it was set up: the runner may start, work and end before the agent's word of
  // any of it has arrived.
  announced: rules.drain,
  image_answered: late,
  wrong_job: rules.note,
  job_started: rules.startJobEarly,
  end_requested: rules.stopForClient,
  ci_ended: rules.endForCi,
  held: rules.hold,
  unheld: rules.unhold,
  handed_over: notStandingBy,
  released: rules.release,
  host_silent: rules.abandonSilentHost,
  host_removed: rules.abandonRemovedHost,
  time_passed: rules.phaseTimedOut,
};

const ended: Row = {
  placed: over,
  phase: over,
  failed: over,
  run_ended: over,
  gone: rules.releaseFormer,
  stop_rung: over,
  script_result: over,
  announced: over,
  image_answered: over,
  wrong_job: over,
  job_started: over,
  end_requested: over,
  ci_ended: over,
  held: over,
  unheld: over,
  handed_over: over,
  released: over,
  host_silent: over,
  host_removed: rules.releaseFormer,
  time_passed: over,
};

/** The whole lifecycle: state by state, what each event does. Tests walk every cell. */
const TABLE: Record<VmState, Row> = {
  queued: {
    placed: rules.assign,
    phase: notYet,
    failed: notYet,
    run_ended: notYet,
    gone: rules.releaseFormer,
    stop_rung: rules.note,
    script_result: notYet,
    announced: notYet,
    image_answered: rules.settleImage,
    wrong_job: notYet,
    job_started: notYet,
    end_requested: rules.cancelQueued,
    ci_ended: rules.endForCi,
    held: notYet,
    unheld: notYet,
    handed_over: notStandingBy,
    released: notYet,
    host_silent: notYet,
    host_removed: rules.releaseFormer,
    time_passed: rules.queueTimedOut,
  },
  assigned: bringUp,
  pulling: bringUp,
  cloning: bringUp,
  booting: bringUp,
  provisioning: { ...bringUp, run_ended: rules.endedWhileStarting, handed_over: rules.handOver },
  ready: {
    placed: late,
    phase: rules.refresh,
    failed: rules.lostAfterReady,
    run_ended: rules.stopAfterRun,
    gone: rules.vanished,
    stop_rung: rules.note,
    script_result: rules.keepResult,
    announced: rules.drain,
    image_answered: late,
    wrong_job: rules.note,
    job_started: rules.startJob,
    end_requested: rules.stopForClient,
    ci_ended: rules.endForCi,
    held: rules.hold,
    unheld: rules.unhold,
    handed_over: late,
    released: late,
    host_silent: late,
    host_removed: rules.endWithHost,
    time_passed: rules.expire,
  },
  draining: {
    placed: late,
    phase: rules.refresh,
    failed: rules.lostAfterReady,
    run_ended: rules.stopAfterRun,
    gone: rules.vanished,
    stop_rung: rules.note,
    script_result: rules.keepResult,
    announced: rules.drainSooner,
    image_answered: late,
    wrong_job: rules.note,
    job_started: rules.keepLateJob,
    end_requested: rules.stopForClient,
    ci_ended: rules.endForCi,
    held: rules.hold,
    unheld: rules.unhold,
    handed_over: late,
    released: late,
    host_silent: late,
    host_removed: rules.endWithHost,
    time_passed: rules.drainedOrExpired,
  },
  stopping: {
    placed: late,
    phase: late,
    failed: late,
    run_ended: rules.note,
    gone: rules.finish,
    stop_rung: rules.note,
    script_result: rules.keepResult,
    announced: late,
    image_answered: late,
    wrong_job: rules.note,
    job_started: late,
    end_requested: late,
    ci_ended: late,
    held: late,
    unheld: late,
    handed_over: late,
    released: late,
    host_silent: late,
    host_removed: rules.endWithHost,
    time_passed: rules.stopOverdue,
  },
  deleted: ended,
  failed: ended,
};

/**
 * The one place where a VM's state changes: `(vm, event, now) → step`. Pure.
 *
 * A fact about another attempt than the present one changes nothing, except that a former attempt's
 * instance seen gone, or its host taken out of the fleet, frees its slot.
 */
export function step(vm: Vm, event: LifecycleEvent, context: Context): Step {
  if ("attempt" in event && event.kind !== "placed" && event.attempt !== vm.attempt) {
    const isGone = event.kind === "gone" || event.kind === "host_removed";
    if (isGone && event.attempt < vm.attempt) return rules.releaseFormer(vm);
    return {
      outcome: "ignored",
      reason: `attempt ${event.attempt} is not the VM's present attempt ${vm.attempt}`,
    };
  }
  // TypeScript cannot see that the cell's rule takes this kind of event; the table's type does.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const rule = TABLE[vm.state][event.kind] as (vm: Vm, event: LifecycleEvent, context: Context) => Step;
  return rules.heldStep(vm, event, rule(vm, event, context), context);
}
