import type { Report } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { step, type LifecycleEvent } from "../../src/domain/lifecycle.ts";
import { specOf, warmVm } from "../../src/domain/pools/pool.ts";
import { BUDGETS, placed, queuedVm } from "../support/vms.ts";

const attempt = fc.constant(1);
const event: fc.Arbitrary<LifecycleEvent> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("phase" as const),
      attempt,
      phase: fc.constantFrom<Extract<Report, { kind: "phase" }>["phase"]>(
        ...(["pulling", "cloning", "booting", "provisioning", "provisioning", "ready"] as const),
      ),
    }),
  },
  fc.record({
    kind: fc.constant("failed" as const),
    attempt,
    phase: fc.constant("booting" as const),
    error: fc.constant({ code: "clone_failed" as const, message: "", facts: {} }),
  }),
  fc.record({
    kind: fc.constant("run_ended" as const),
    attempt,
    cause: fc.constant("killed" as const),
    logTail: fc.constant(""),
  }),
  fc.record({ kind: fc.constant("gone" as const), attempt }),
  fc.constant<LifecycleEvent>({ kind: "handed_over", vmId: "other" }),
  fc.constant<LifecycleEvent>({ kind: "released", why: "not wanted" }),
  fc.constant<LifecycleEvent>({ kind: "time_passed" }),
  fc.record({ kind: fc.constant("host_silent" as const), attempt, hostName: fc.constant("mac-1") }),
);

test("a VM that is kept warm has one attempt, is never ready nor queued again, and is given away once, standing by", () => {
  const pool = {
    image: "x/a:1",
    os: "macos",
    run: {},
    hostLabels: {},
    minIdle: 1,
    maxAgeMinutes: 1,
    schedule: null,
  };
  const spec = specOf("p", { ...pool, os: "macos" }, pool.image, "abcdefgh01234567");
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5000), event), { maxLength: 30 }), (events) => {
      let now = 0;
      let vm = warmVm("abcdefgh01234567", spec, null, now);
      let given = 0;
      for (const [wait, happened] of [[0, placed(1)] as const, ...events]) {
        now += wait;
        const result = step(vm, happened, { now, budgets: BUDGETS });
        if (result.outcome === "ignored") continue;
        if (happened.kind === "handed_over") {
          given += 1;
          expect(vm.state).toBe("provisioning");
          expect(result).toMatchObject({ attempt: "release", vm: { end: { reason: "handed_over" } } });
        }
        // Standing by it waits for nobody; only its age ends it.
        if (result.vm.state === "provisioning") expect(result.vm.budgetEndsAt).toBeNull();
        expect(["queued", "ready", "draining"]).not.toContain(result.vm.state);
        expect(result.vm).toMatchObject({ attempt: 1, readyAt: null });
        vm = result.vm;
      }
      expect(given).toBeLessThanOrEqual(1);
    }),
  );
});

test("a pool ends no VM that somebody asked for, nor gives it away", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5000), event), { maxLength: 30 }), (events) => {
      let now = 0;
      let vm = queuedVm();
      for (const [wait, happened] of [[0, placed(1)] as const, ...events]) {
        now += wait;
        const result = step(vm, happened, { now, budgets: BUDGETS });
        if (happened.kind === "released" || happened.kind === "handed_over")
          expect(result.outcome).toBe("ignored");
        if (result.outcome === "applied") ({ vm } = result);
      }
    }),
  );
});
