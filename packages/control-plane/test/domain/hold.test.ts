import type { BringUpState } from "@tartfleet/shared";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { step, type LifecycleEvent } from "../../src/domain/lifecycle.ts";
import { deadlineOf, type Vm } from "../../src/domain/vm.ts";
import { BUDGETS, placed, queuedVm } from "../support/vms.ts";

const HELD_UNTIL = 50_000;

/** The VM after the events, each at its time. */
function after(vm: Vm, ...events: [at: number, event: LifecycleEvent][]): Vm {
  return events.reduce((before, [now, event]) => {
    const result = step(before, event, { now, budgets: { ...BUDGETS, maxAttempts: 1 } });
    return result.outcome === "applied" ? result.vm : before;
  }, vm);
}

const phase = (of: BringUpState): LifecycleEvent => ({ kind: "phase", attempt: 1, phase: of });
const exits = (rc: number): LifecycleEvent => ({
  kind: "announced",
  attempt: 1,
  phase: "runner_exited",
  rc,
  ip: null,
});
const held: LifecycleEvent = { kind: "held", by: "token ana", reason: "look", until: HELD_UNTIL };
const timePasses: LifecycleEvent = { kind: "time_passed" };
const failed: LifecycleEvent = {
  kind: "failed",
  attempt: 1,
  phase: "booting",
  error: { code: "guest_unreachable", message: "It does not answer.", facts: {} },
};

const upTo = (state: "booting" | "ready", spec: Partial<Vm["spec"]> = {}): Vm => {
  const vm = queuedVm();
  return after({ ...vm, spec: { ...vm.spec, ...spec } }, [0, placed(1)], [10, phase(state)]);
};

describe("a VM that somebody holds", () => {
  test("is kept when its runner has exited and settled, and ends when the hold is over, as what it was", () => {
    const kept = after(upTo("ready"), [20, held], [30, exits(0)], [200, timePasses]);
    expect(kept).toMatchObject({ state: "draining", end: { reason: "runner_exited" } });
    expect(deadlineOf(kept)).toBe(HELD_UNTIL);
    expect(after(kept, [HELD_UNTIL - 1, timePasses]).state).toBe("draining");
    expect(after(kept, [HELD_UNTIL, timePasses])).toMatchObject({
      state: "stopping",
      end: { reason: "runner_exited" },
    });
  });

  test("outlives its time to live, for as long as it is held", () => {
    const vm = upTo("ready", { ttlMs: 1000 });
    const kept = after(vm, [20, held], [1000, timePasses], [40_000, timePasses]);
    expect(kept.state).toBe("ready");
    expect(after(kept, [HELD_UNTIL, timePasses])).toMatchObject({
      state: "stopping",
      end: { reason: "ttl" },
    });
  });

  test("ends at once when a client ends it, or ends the hold of one that is there for it alone", () => {
    const kept = after(upTo("ready"), [20, held], [30, exits(1)], [200, timePasses]);
    expect(after(kept, [300, { kind: "end_requested", by: "token ana" }]).state).toBe("stopping");
    const unheld: LifecycleEvent = { kind: "unheld", source: "client", why: "enough", until: 0 };
    expect(after(kept, [300, unheld])).toMatchObject({ state: "stopping", end: { reason: "runner_exited" } });
    const working = after(upTo("ready"), [20, held], [300, unheld]);
    expect(working).toMatchObject({ state: "ready", hold: null });
  });

  test("is given a shorter time by whoever needs its slot, never a longer one", () => {
    const kept = after(upTo("ready"), [20, held], [30, exits(1)], [200, timePasses]);
    const press = (until: number): LifecycleEvent => ({
      kind: "unheld",
      source: "control_plane",
      why: "VM x waits",
      until,
    });
    const pressed = after(kept, [300, press(1000)]);
    expect(deadlineOf(pressed)).toBe(1000);
    expect(after(pressed, [400, press(2000)])).toEqual(pressed);
    expect(after(pressed, [1000, timePasses]).state).toBe("stopping");
  });

  test("is what it was when its guest or its host is gone: there is nothing left to hold", () => {
    const kept = after(upTo("ready"), [20, held], [30, exits(1)], [200, timePasses]);
    const ended: LifecycleEvent = { kind: "run_ended", attempt: 1, cause: "guest_shutdown", logTail: "" };
    expect(after(kept, [300, ended]).state).toBe("stopping");
    expect(after(kept, [300, { kind: "gone", attempt: 1 }])).toMatchObject({
      state: "deleted",
      end: { reason: "runner_exited" },
    });
  });

  test("while it is held nothing gives its attempt up but an order or the end of its instance", () => {
    const guesses = fc.constantFrom<LifecycleEvent>(failed, exits(0), exits(9), timePasses, phase("ready"), {
      kind: "script_result",
      attempt: 1,
      exitCode: 1,
      output: "",
      truncated: false,
    });
    const lives = fc.array(fc.tuple(fc.integer({ min: 0, max: 8000 }), guesses), { maxLength: 6 });
    fc.assert(
      fc.property(lives, (life) => {
        let vm = after(upTo("ready"), [20, held]);
        let now = 20;
        for (const [ms, event] of life) {
          now += ms;
          const result = step(vm, event, { now, budgets: BUDGETS });
          if (result.outcome === "ignored") continue;
          expect(result.attempt).toBe("keep");
          expect(["ready", "draining"]).toContain(result.vm.state);
          ({ vm } = result);
        }
        const last = after(vm, [HELD_UNTIL, timePasses]);
        expect(last.state).toBe(vm.state === "ready" ? "ready" : "stopping");
      }),
    );
  });
});

describe("a VM that is to be held when it fails", () => {
  const spec = { holdOnFailureMs: 5000 };

  test("is kept where its guest could not be reached, with why", () => {
    const kept = after(upTo("booting", spec), [100, failed]);
    expect(kept).toMatchObject({
      state: "draining",
      end: { reason: "start_failed", error: { code: "guest_unreachable" } },
      hold: { by: "its request", until: 5100 },
    });
    // The agent tells it again after a restart.
    expect(after(kept, [200, failed])).toEqual(kept);
    expect(after(kept, [5100, timePasses]).state).toBe("stopping");
    expect(after(upTo("booting"), [100, failed]).state).toBe("stopping");
  });

  test("is kept when its runner exits with another code than 0, and not when that is 0 or no job came", () => {
    const kept = after(upTo("ready", spec), [100, exits(7)], [300, timePasses]);
    expect(kept).toMatchObject({
      state: "draining",
      hold: { until: 5100, reason: "Its runner exited with 7." },
    });
    const well = after(upTo("ready", spec), [100, exits(0)], [300, timePasses]);
    expect(well.state).toBe("stopping");
    const idle = { ...exits(143), cause: "no_job" } as LifecycleEvent;
    expect(after(upTo("ready", spec), [100, idle], [300, timePasses]).state).toBe("stopping");
  });

  test("is tried elsewhere before it is held", () => {
    const vm = upTo("booting", spec);
    const result = step(vm, failed, { now: 100, budgets: BUDGETS });
    expect(result).toMatchObject({
      outcome: "applied",
      attempt: "give_up",
      vm: { state: "queued", hold: null },
    });
  });
});
