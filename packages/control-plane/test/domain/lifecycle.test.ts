import { END_REASONS, isTerminal, VM_STATES, type AttemptErrorCode, type Report } from "@tartfleet/shared";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { step, type CiEnd, type ImageAnswer, type LifecycleEvent } from "../../src/domain/lifecycle.ts";
import { deadlineOf, type Vm } from "../../src/domain/vm.ts";
import { BUDGETS, placed, queuedVm } from "../support/vms.ts";

const attempt = fc.constantFrom(1, 1, 1, 2, 3);
const phase = fc.constantFrom<Extract<Report, { kind: "phase" }>["phase"]>(
  "pulling",
  "cloning",
  "booting",
  "provisioning",
  "ready",
);
const error = fc
  .constantFrom<AttemptErrorCode>("image_not_found", "clone_failed", "guest_unreachable")
  .map((code) => ({ code, message: code, facts: {} }));
const cause = fc.constantFrom(
  "guest_shutdown",
  "guest_crashed",
  "stopped",
  "killed",
) as fc.Arbitrary<"killed">;

/** Any event, of present and former attempts. */
const anyEvent: fc.Arbitrary<LifecycleEvent> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("phase" as const), attempt, phase }) },
  fc.record({ kind: fc.constant("failed" as const), attempt, phase, error }),
  fc.record({ kind: fc.constant("run_ended" as const), attempt, cause, logTail: fc.constant("") }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("gone" as const), attempt }) },
  fc.record({
    kind: fc.constant("stop_rung" as const),
    attempt,
    rung: fc.constant("tart_stop" as const),
    outcome: fc.constant("done" as const),
    milliseconds: fc.nat(1000),
  }),
  fc.record({
    kind: fc.constant("script_result" as const),
    attempt,
    exitCode: fc.constant(0),
    output: fc.constant("ok"),
    truncated: fc.constant(false),
  }),
  fc.record({
    kind: fc.constant("announced" as const),
    attempt,
    phase: fc.constantFrom("job_hook" as const, "runner_exited" as const),
    rc: fc.constant(0),
    ip: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant("image_answered" as const),
    answer: fc.constantFrom<ImageAnswer>(
      { kind: "digest", digest: "sha256:b", host: "mac-1" },
      { kind: "given_up", why: "no host that could ask is connected." },
      { kind: "missing", host: "mac-1", said: "ghcr.io answered 404." },
    ),
  }),
  fc.record({ kind: fc.constant("wrong_job" as const), attempt, jobId: fc.constant("other") }),
  fc.record({ kind: fc.constant("job_started" as const), attempt, details: fc.constant({}) }),
  fc.constant<LifecycleEvent>({ kind: "end_requested", by: "token ci" }),
  fc.record({
    kind: fc.constant("ci_ended" as const),
    reason: fc.constantFrom<CiEnd>("job_over", "not_registered", "not_needed"),
    why: fc.constant("GitHub said so."),
  }),
  fc
    .integer({ min: 0, max: 60_000 })
    .map((until): LifecycleEvent => ({ kind: "held", by: "token ci", reason: null, until })),
  fc
    .integer({ min: 0, max: 60_000 })
    .map((until): LifecycleEvent => ({ kind: "unheld", source: "client", why: "enough", until })),
  fc.record({ kind: fc.constant("host_silent" as const), attempt, hostName: fc.constant("mac-1") }),
  fc.record({ kind: fc.constant("host_removed" as const), attempt, hostName: fc.constant("mac-1") }),
  { weight: 2, arbitrary: fc.constant<LifecycleEvent>({ kind: "time_passed" }) },
);

/** A life: events with the time that passes before each. A queued VM is placed before what follows. */
const life = fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), anyEvent), { maxLength: 40 });

/** Lives through the events; calls back before and after every step. */
function live(
  events: readonly (readonly [number, LifecycleEvent])[],
  look: (before: Vm, event: LifecycleEvent, result: ReturnType<typeof step>, now: number) => void,
): Vm {
  let vm = queuedVm({ resolution: { kind: "waiting" } });
  let now = 0;
  const apply = (event: LifecycleEvent) => {
    const result = step(vm, event, { now, budgets: BUDGETS });
    look(vm, event, result, now);
    if (result.outcome === "applied") vm = result.vm;
  };
  for (const [wait, event] of events) {
    now += wait;
    const isOfTheQueue = ["end_requested", "ci_ended", "time_passed", "image_answered"].includes(event.kind);
    if (vm.state === "queued" && !isOfTheQueue) {
      apply(placed(vm.attempt + 1));
    }
    apply(event);
  }
  return vm;
}

describe("every life", () => {
  test("ends at most once, with a reason whose outcome is its state, and never changes again", () => {
    fc.assert(
      fc.property(life, (events) => {
        live(events, (before, _event, result) => {
          if (result.outcome === "ignored") return;
          const { vm } = result;
          if (isTerminal(before.state)) {
            expect(vm).toBe(before);
            expect(result.entry).toBeNull();
          }
          expect(vm.endedAt !== null).toBe(isTerminal(vm.state));
          if (isTerminal(vm.state)) expect(END_REASONS[vm.end?.reason ?? "client"].outcome).toBe(vm.state);
          if (before.end !== null) expect(vm.end).toEqual(before.end);
        });
      }),
    );
  });

  test("has one entry in its history for every change of state", () => {
    fc.assert(
      fc.property(life, (events) => {
        live(events, (before, _event, result) => {
          if (result.outcome === "applied" && result.vm.state !== before.state)
            expect(result.entry).not.toBeNull();
        });
      }),
    );
  });

  test("frees a slot only when the instance was seen gone, or its host is no longer there", () => {
    fc.assert(
      fc.property(life, (events) => {
        live(events, (_before, event, result) => {
          if (result.outcome === "applied" && result.attempt === "release")
            expect(["gone", "host_removed"]).toContain(event.kind);
        });
      }),
    );
  });

  test("gives its attempt up whenever it leaves the host, and never keeps one while queued or ended", () => {
    fc.assert(
      fc.property(life, (events) => {
        const held = new Set<number>();
        const wanted = new Set<number>();
        live(events, (before, event, result) => {
          if (result.outcome === "ignored") return;
          const about = "attempt" in event ? event.attempt : before.attempt;
          if (event.kind === "placed") {
            held.add(event.attempt);
            wanted.add(event.attempt);
          }
          if (result.attempt !== "keep") wanted.delete(about);
          if (result.attempt === "release") held.delete(about);
          expect(wanted.size).toBeLessThanOrEqual(1);
          const { vm } = result;
          if (vm.state === "queued" || vm.state === "stopping" || isTerminal(vm.state))
            expect(wanted.size).toBe(0);
          else expect([...wanted]).toEqual([vm.attempt]);
          if (isTerminal(vm.state) && !isTerminal(before.state) && before.state !== "queued") {
            expect(held.has(vm.attempt)).toBe(false);
          }
        });
      }),
    );
  });

  test("comes to rest by its clocks and its host's word alone", () => {
    fc.assert(
      fc.property(life, (events) => {
        let vm = live(events, () => {});
        for (let steps = 0; !isTerminal(vm.state); steps += 1) {
          expect(steps, `${vm.state} never ends`).toBeLessThan(10);
          const at = deadlineOf(vm);
          expect(at, `${vm.state} has no deadline`).not.toBeNull();
          const event: LifecycleEvent =
            vm.state === "stopping" ? { kind: "gone", attempt: vm.attempt } : { kind: "time_passed" };
          const result = step(vm, event, { now: at ?? 0, budgets: BUDGETS });
          expect(result.outcome).toBe("applied");
          if (result.outcome === "applied") vm = result.vm;
        }
      }),
    );
  });

  test("is not ended by anything but its guest, its job's end, a person or its TTL once its job has started", () => {
    fc.assert(
      fc.property(life, (events) => {
        live(events, (before, event, result, now) => {
          if (result.outcome === "ignored" || before.job.state !== "started") return;
          if (isTerminal(before.state) || before.state === "stopping" || before.state === result.vm.state)
            return;
          const expired =
            event.kind === "time_passed" && before.expiresAt !== null && before.expiresAt <= now;
          // A host is removed by a person.
          const allowed = ["phase", "announced", "end_requested", "run_ended", "gone", "host_removed"];
          const graceOver = before.state === "draining" && event.kind === "time_passed";
          // That its host cannot reach the guest says nothing of its job.
          const runIsOver = event.kind === "failed" && event.error.code !== "guest_unreachable";
          const jobIsOver = event.kind === "ci_ended" && event.reason === "job_over";
          const isAllowed = expired || graceOver || runIsOver || jobIsOver || allowed.includes(event.kind);
          expect(isAllowed, event.kind).toBe(true);
          expect(result.vm.state).not.toBe("queued");
        });
      }),
    );
  });

  test("lives out its grace after the hook: only its exit, its power-off, its job's end, a client or its TTL end it sooner", () => {
    fc.assert(
      fc.property(life, (events) => {
        live(events, (before, event, result, now) => {
          if (result.outcome === "ignored" || before.state !== "draining" || result.vm.state !== "stopping")
            return;
          if (event.kind !== "time_passed") return;
          const graceOver = before.budgetEndsAt !== null && before.budgetEndsAt <= now;
          expect(graceOver || (before.expiresAt ?? Number.POSITIVE_INFINITY) <= now).toBe(true);
        });
      }),
    );
  });

  test("takes no fact of another attempt for its own", () => {
    fc.assert(
      fc.property(fc.constantFrom(...VM_STATES), anyEvent, (state, event) => {
        if (!("attempt" in event) || event.kind === "placed") return;
        const ended = isTerminal(state)
          ? { endedAt: 5, end: { reason: "client" as const, message: "", error: null } }
          : {};
        const vm = queuedVm({ state, attempt: event.attempt + 1, hostId: 1, expiresAt: 100_000, ...ended });
        const result = step(vm, event, { now: 10, budgets: BUDGETS });
        if (event.kind === "gone" || event.kind === "host_removed")
          expect(result).toMatchObject({ outcome: "applied", vm, attempt: "release" });
        else expect(result.outcome).toBe("ignored");
      }),
    );
  });
});

/** A VM in a state, by the shortest way there. */
function vmIn(events: LifecycleEvent[], now = 100): Vm {
  return events.reduce((vm, event) => {
    const result = step(vm, event, { now, budgets: BUDGETS });
    if (result.outcome === "ignored") throw new Error(`${event.kind} in ${vm.state}: ${result.reason}`);
    return result.vm;
  }, queuedVm());
}

const ready: LifecycleEvent[] = [
  placed(1),
  { kind: "phase", attempt: 1, phase: "ready", ip: "192.168.64.2" },
];
const hook: LifecycleEvent = { kind: "announced", attempt: 1, phase: "job_hook", rc: null, ip: null };
const exited: LifecycleEvent = { kind: "announced", attempt: 1, phase: "runner_exited", rc: 0, ip: null };
const ciEnded = (reason: CiEnd): LifecycleEvent => ({ kind: "ci_ended", reason, why: "GitHub said so." });
const gone: LifecycleEvent = { kind: "gone", attempt: 1 };
const at = (vm: Vm, event: LifecycleEvent, now: number, refusals = 0) => {
  const result = step(vm, event, { now, budgets: BUDGETS, refusals: () => refusals });
  return result.outcome === "applied" ? result.vm : vm;
};

test("a slot that something else has costs a VM none of its attempts, but not for ever", () => {
  const failed = (attempt: number, code: "vm_limit_reached" | "start_failed"): LifecycleEvent => ({
    kind: "failed",
    attempt,
    phase: "booting",
    error: { code, message: "", facts: {} },
  });
  const most = BUDGETS.maxAttempts;
  let vm = queuedVm();
  for (let attempt = 1; vm.state === "queued" && attempt < 100; attempt += 1)
    vm = at(at(vm, placed(attempt), attempt), failed(attempt, "vm_limit_reached"), attempt, attempt - 1);
  expect(vm).toMatchObject({ state: "stopping", attempt: most + 5 });
  const last = at({ ...queuedVm(), attempt: most - 1 }, placed(most), 1);
  expect(at(last, failed(most, "start_failed"), 2).state).toBe("stopping");
  expect(at(last, failed(most, "vm_limit_reached"), 2).state).toBe("queued");
  // Nor is it short of one later, when it fails in earnest.
  expect(at(last, failed(most, "start_failed"), 2, 1).state).toBe("queued");
});

describe("the end", () => {
  test("a hook announces, and the exit shortens the wait to the settle time", () => {
    const drained = vmIn([...ready, hook]);
    expect(drained).toMatchObject({
      state: "draining",
      budgetEndsAt: 100 + BUDGETS.hookGrace,
      job: { state: "ended" },
    });
    const settled = at(drained, exited, 200);
    expect(settled).toMatchObject({ state: "draining", budgetEndsAt: 200 + BUDGETS.exitSettle });
    expect(at(settled, { kind: "time_passed" }, 299)).toBe(settled);
    expect(at(settled, { kind: "time_passed" }, 300)).toMatchObject({
      state: "stopping",
      end: { reason: "runner_exited" },
    });
  });

  test("a guest that stopped its runner because no job came is believed only where none was told of", () => {
    const idle: LifecycleEvent = { ...exited, cause: "no_job" };
    const told: LifecycleEvent = { kind: "job_started", attempt: 1, details: {} };
    const gaveUp = at(vmIn([...ready, idle]), { kind: "time_passed" }, 100_000);
    expect(gaveUp).toMatchObject({ state: "stopping", end: { reason: "no_job" } });
    expect(at(gaveUp, gone, 100_001)).toMatchObject({ state: "failed", end: { reason: "no_job" } });
    const worked = at(vmIn([...ready, told, idle]), { kind: "time_passed" }, 100_000);
    expect(worked).toMatchObject({ state: "stopping", end: { reason: "runner_exited" } });
  });

  test("a job that is told of only after its end is kept, and was no idle runner", () => {
    const details = { runId: "42" };
    const told: LifecycleEvent = { kind: "job_started", attempt: 1, details };
    const idle: LifecycleEvent = { ...exited, cause: "no_job" };
    for (const end of [exited, hook, idle]) {
      const kept = at(vmIn([...ready, end]), told, 150);
      expect(kept).toMatchObject({ state: "draining", job: { state: "ended", startedAt: null, details } });
      expect(at(kept, told, 151).job).toEqual(kept.job);
      expect(at(kept, { kind: "time_passed" }, 100_000).end?.reason).not.toBe("no_job");
    }
  });

  test("a runner that exits without ever having told of a job had none", () => {
    expect(vmIn([...ready, exited]).job.state).toBe("none");
  });

  test("the earliest deadline wins: a hook after the exit does not lengthen it", () => {
    const drained = vmIn([...ready, exited]);
    const again = at(drained, hook, 150);
    expect(again.budgetEndsAt).toBe(drained.budgetEndsAt);
    expect(again.announced).toBe("runner_exited");
  });

  test.each([
    ["the grace runs out", [hook], { kind: "time_passed" }, 2000, "hook_grace_forced"],
    ["the guest powers off after the hook", [hook], runEnded("guest_shutdown"), 150, "guest_shutdown"],
    ["the guest powers off after the exit", [exited], runEnded("guest_shutdown"), 150, "runner_exited"],
    ["the guest powers off by itself", [], runEnded("guest_shutdown"), 150, "guest_shutdown"],
    ["the guest crashes", [], runEnded("guest_crashed"), 150, "guest_crashed"],
    ["a client asks", [], { kind: "end_requested", by: "token ci" }, 150, "client"],
    ["a client asks during the grace", [hook], { kind: "end_requested", by: "token ci" }, 150, "client"],
    ["the TTL runs out", [], { kind: "time_passed" }, 200_000, "ttl"],
    ["its CI system says that its job is over", [], ciEnded("job_over"), 150, "job_over"],
    ["its CI system says so during the grace", [hook], ciEnded("job_over"), 150, "job_over"],
    ["its CI system says so after the exit", [exited], ciEnded("job_over"), 150, "runner_exited"],
    ["its CI system does not list its runner", [], ciEnded("not_registered"), 150, "not_registered"],
    [
      "the instance is lost",
      [],
      { kind: "failed", attempt: 1, phase: "ready", error: lost() },
      150,
      "instance_lost",
    ],
  ] as [string, LifecycleEvent[], LifecycleEvent, number, string][])(
    "%s",
    (_name, before, event, now, reason) => {
      const stopping = at(vmIn([...ready, ...before]), event, now);
      expect(stopping).toMatchObject({ state: "stopping", end: { reason } });
      const over = at(stopping, gone, now + 1);
      expect(isTerminal(over.state)).toBe(true);
      expect(over.end?.reason).toBe(reason);
    },
  );

  test.each<[string, LifecycleEvent[], CiEnd]>([
    ["a VM whose runner may be registered is not taken back", ready, "not_needed"],
    [
      "nor is one whose guest is being set up",
      [placed(1), { kind: "phase", attempt: 1, phase: "provisioning" }],
      "not_needed",
    ],
    [
      "a runner that is not listed and has a job is left alone",
      [...ready, { kind: "job_started", attempt: 1, details: {} }],
      "not_registered",
    ],
    ["a job that is over ends no VM that is booting", [placed(1)], "job_over"],
  ])("%s", (_what, before, reason) => {
    expect(step(vmIn(before), ciEnded(reason), { now: 150, budgets: BUDGETS }).outcome).toBe("ignored");
  });

  test("a VM that waits is taken back at once", () => {
    expect(at(queuedVm(), ciEnded("not_needed"), 150)).toMatchObject({
      state: "deleted",
      end: { reason: "not_needed" },
    });
  });

  test("a guest that was quick announces its end before the agent has said ready", () => {
    const provisioning = vmIn([placed(1), { kind: "phase", attempt: 1, phase: "provisioning" }]);
    expect(at(provisioning, exited, 120)).toMatchObject({ state: "draining" });
  });

  test.each(["assigned", "pulling", "cloning", "booting", "provisioning"] as const)(
    "a job that the guest tells of while its host has told no more than %s is nobody's to give up",
    (state) => {
      const before = vmIn([
        placed(1),
        ...(state === "assigned" ? [] : [{ kind: "phase" as const, attempt: 1, phase: state }]),
      ]);
      expect(at(before, exited, 50)).toMatchObject({ state: "draining" });
      const atWork = at(before, { kind: "job_started", attempt: 1, details: {} }, 50);
      expect(atWork).toMatchObject({ state: "ready", readyAt: 50, job: { state: "started" } });
      const error = { code: "guest_unreachable" as const, message: "no answer", facts: {} };
      const guesses: LifecycleEvent[] = [
        { kind: "host_silent", attempt: 1, hostName: "mac-1" },
        { kind: "time_passed" },
        { kind: "failed", attempt: 1, phase: "provisioning", error },
      ];
      for (const event of guesses) {
        expect(step(atWork, event, { now: 90_000, budgets: BUDGETS }).outcome).toBe("ignored");
      }
    },
  );

  test("a stop that takes too long is noted and the slot stays taken", () => {
    const stopping = at(vmIn(ready), { kind: "end_requested", by: "token ci" }, 100);
    const later = step(stopping, { kind: "time_passed" }, { now: 100 + BUDGETS.stopping, budgets: BUDGETS });
    expect(later).toMatchObject({
      outcome: "applied",
      attempt: "keep",
      entry: { type: "evidence" },
      vm: { state: "stopping" },
    });
  });
});

describe("before ready", () => {
  test("a failure that may succeed elsewhere is tried again, at most maxAttempts times", () => {
    let vm = queuedVm();
    for (const attempt of [1, 2, 3]) {
      vm = at(vm, placed(attempt), 10);
      expect(vm.attempt).toBe(attempt);
      vm = at(
        vm,
        {
          kind: "failed",
          attempt,
          phase: "cloning",
          error: { code: "clone_failed", message: "no", facts: {} },
        },
        20,
      );
      expect(vm.state).toBe(attempt < 3 ? "queued" : "stopping");
    }
    expect(vm.end).toMatchObject({ reason: "start_failed", error: { code: "clone_failed" } });
  });

  test("a failure that every host would have ends the VM at once", () => {
    const vm = at(vmIn([placed(1)]), { kind: "failed", attempt: 1, phase: "pulling", error: notFound() }, 20);
    expect(vm).toMatchObject({
      state: "stopping",
      end: { reason: "start_failed", error: { code: "image_not_found" } },
    });
  });

  test("the slot of a given-up attempt is freed although its VM is queued, or cancelled meanwhile", () => {
    const queued = at(vmIn([placed(1)]), { kind: "host_silent", attempt: 1, hostName: "mac-1" }, 20);
    expect(queued.state).toBe("queued");
    expect(step(queued, gone, { now: 30, budgets: BUDGETS })).toMatchObject({
      attempt: "release",
      vm: queued,
    });
    const cancelled = at(queued, { kind: "end_requested", by: "token ci" }, 25);
    expect(cancelled.state).toBe("deleted");
    expect(step(cancelled, gone, { now: 30, budgets: BUDGETS })).toMatchObject({
      attempt: "release",
      vm: cancelled,
    });
  });

  test("a guest that ends while its runner is being started may have done its job: it is not tried again", () => {
    const provisioning = vmIn([placed(1), { kind: "phase", attempt: 1, phase: "provisioning" }]);
    expect(at(provisioning, runEnded("guest_shutdown"), 120)).toMatchObject({
      state: "stopping",
      end: { reason: "guest_shutdown" },
    });
    const plain = { ...provisioning, spec: { ...provisioning.spec, runnerKind: null } };
    expect(at(plain, runEnded("guest_crashed"), 120).state).toBe("queued");
    const booting = vmIn([placed(1), { kind: "phase", attempt: 1, phase: "booting" }]);
    expect(at(booting, runEnded("guest_crashed"), 120).state).toBe("queued");
  });

  test("a failure from before anything ran, told late, ends nothing that runs since", () => {
    const ready = vmIn([placed(1), { kind: "phase", attempt: 1, phase: "ready" }]);
    const failed = (phase: "cloning" | "booting") =>
      at(
        ready,
        {
          kind: "failed",
          attempt: 1,
          phase,
          error: { code: "clone_failed", message: "It was not there.", facts: {} },
        },
        120,
      );
    expect(failed("cloning")).toEqual(ready);
    expect(failed("booting").state).toBe("stopping");
  });

  test("a run that ended without a word says what that may mean", () => {
    const ready = vmIn([placed(1), { kind: "phase", attempt: 1, phase: "ready" }]);
    expect(at(ready, runEnded("unknown"), 120).end).toEqual({
      reason: "guest_crashed",
      message: "tart run ended without a word: somebody killed it, or its host restarted.",
      error: null,
    });
    expect(at(ready, runEnded("network_lost"), 120).end?.message).toBe("tart run ended: network_lost.");
  });

  test("bytes seen moving keep a pull alive", () => {
    const pulling = vmIn([placed(1), { kind: "phase", attempt: 1, phase: "pulling", pullPercent: 1 }]);
    const moved = at(pulling, { kind: "phase", attempt: 1, phase: "pulling", pullPercent: 2 }, 4000);
    expect(moved.budgetEndsAt).toBe(4000 + BUDGETS.phase.pulling);
    const still = at(moved, { kind: "phase", attempt: 1, phase: "pulling", pullPercent: 2 }, 6000);
    expect(still.budgetEndsAt).toBe(moved.budgetEndsAt);
  });
});

function runEnded(what: "guest_shutdown" | "guest_crashed" | "network_lost" | "unknown"): LifecycleEvent {
  return { kind: "run_ended", attempt: 1, cause: what, logTail: "" };
}
function lost() {
  return { code: "instance_lost" as const, message: "gone", facts: {} };
}
function notFound() {
  return { code: "image_not_found" as const, message: "no such image", facts: {} };
}
