import { BRING_UP_STATES, isTerminal, VM_STATES } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { step, type LifecycleEvent } from "../../src/domain/lifecycle.ts";
import type { Vm } from "../../src/domain/vm.ts";
import { BUDGETS, placed, queuedVm } from "../support/vms.ts";

/** What a host tells of an attempt, in the order in which it happened. */
const phases = (attempt: number, upTo: number): LifecycleEvent[] =>
  BRING_UP_STATES.slice(0, upTo).map((phase) => ({
    kind: "phase",
    attempt,
    phase,
    imageDigest: "sha256:abc",
    ...(phase === "provisioning" || phase === "ready" ? { ip: "192.168.64.2" } : {}),
  }));

const failure = (attempt: number): LifecycleEvent => ({
  kind: "failed",
  attempt,
  phase: "booting",
  error: { code: "start_failed", message: "no", facts: {} },
});
const way = (attempt: number): LifecycleEvent[] => [
  { kind: "run_ended", attempt, cause: "guest_shutdown", logTail: "" },
  { kind: "stop_rung", attempt, rung: "delete", outcome: "done", milliseconds: 5 },
  { kind: "gone", attempt },
];

/** A VM whose first attempts fail, and whose last one comes to be ready and ends. */
const wholeLife = fc
  .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 4 }))
  .map(([failures, upTo]): LifecycleEvent[] => [
    ...Array.from({ length: failures }, (_, index) => index + 1).flatMap((attempt) => [
      placed(attempt),
      ...phases(attempt, upTo),
      failure(attempt),
      ...(attempt === 1 ? [{ kind: "gone" as const, attempt }] : []),
    ]),
    placed(failures + 1),
    ...phases(failures + 1, BRING_UP_STATES.length),
    ...way(failures + 1),
    ...(failures > 1 ? [{ kind: "gone" as const, attempt: 2 }] : []),
  ]);

const hear = (vm: Vm, event: LifecycleEvent): Vm => {
  const result = step(vm, event, { now: 50, budgets: BUDGETS });
  return result.outcome === "applied" ? result.vm : vm;
};

test("reports that come again, however late and in whatever order, change nothing on the way and nothing of the end", () => {
  fc.assert(
    fc.property(wholeLife, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 60 }), (events, repeats) => {
      let clean = queuedVm();
      let noisy = queuedVm();
      for (const [index, event] of events.entries()) {
        clean = hear(clean, event);
        noisy = hear(noisy, event);
        const late = repeats.filter(([at]) => at % events.length === index);
        for (const [, which] of late) {
          const again = events[which % (index + 1)];
          // The scheduler places once; a host's word is what comes again.
          if (again && again.kind !== "placed") noisy = hear(noisy, again);
        }
        expect({ ...noisy, pullPercent: null }).toEqual({ ...clean, pullPercent: null });
      }
      expect(noisy).toMatchObject({ state: "deleted", end: { reason: "guest_shutdown" } });
    }),
  );
});

test("reports in no order at all never take an attempt back and end a VM at most once", () => {
  const rank = (vm: Vm) => vm.attempt * VM_STATES.length + VM_STATES.indexOf(vm.state);
  const shuffled = wholeLife.chain((events) =>
    fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
  );
  fc.assert(
    fc.property(shuffled, (events) => {
      let vm = queuedVm();
      let ends = 0;
      for (const event of events) {
        if (event.kind === "placed") continue;
        if (vm.state === "queued") vm = hear(vm, placed(vm.attempt + 1));
        const next = hear(vm, event);
        if (next.state !== "queued") expect(rank(next)).toBeGreaterThanOrEqual(rank(vm));
        if (isTerminal(vm.state)) expect(next).toBe(vm);
        if (isTerminal(next.state) && !isTerminal(vm.state)) ends += 1;
        vm = next;
      }
      expect(ends).toBeLessThanOrEqual(1);
    }),
  );
});
