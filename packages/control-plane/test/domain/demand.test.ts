import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ownVm, tendDemand, type OwnVm } from "../../src/domain/demand.ts";

const vmArbitrary: fc.Arbitrary<OwnVm> = fc.record({
  id: fc.uuid(),
  stage: fc.constantFrom("coming", "fresh", "perhaps", "working", "over"),
  isAhead: fc.constant(false),
  createdAt: fc.nat(),
});

test("as many runners as jobs wait for, never more than max at once, and only what is not registered is taken back", () => {
  fc.assert(
    fc.property(
      fc.array(vmArbitrary),
      fc.nat(20),
      fc.nat(5),
      fc.integer({ min: 1, max: 20 }),
      (vms, waiting, min, max) => {
        const { start, end } = tendDemand({ waiting, min, max }, vms);
        const count = (stage: OwnVm["stage"]) => vms.filter((vm) => vm.stage === stage).length;
        const wanted = Math.max(0, Math.min(waiting + min, max - count("working")));
        const sure = count("coming") + count("fresh") + start - end.length;
        expect(start === 0 || end.length === 0).toBe(true);
        if (start > 0) expect(sure + count("perhaps")).toBe(wanted);
        else expect(sure).toBe(Math.max(Math.min(wanted, sure), count("fresh"), wanted - count("perhaps")));
        for (const id of end) expect(vms.find((vm) => vm.id === id)?.stage).toBe("coming");
      },
    ),
  );
});

test("a job that only its guest has told of is one of those that seem to wait", () => {
  const job = { state: "started" as const, startedAt: 0, endedAt: null, details: {} };
  const vm = ownVm({ id: "a", state: "ready", job, announced: null, createdAt: 0 }, undefined);
  expect(tendDemand({ waiting: 1, min: 0, max: 5 }, [vm])).toEqual({ start: 0, end: [] });
});

test("without hooks the CI system's message alone says that a VM is at work", () => {
  const job = { state: "none" as const, startedAt: null, endedAt: null, details: {} };
  const vm = ownVm({ id: "a", state: "ready", job, announced: null, createdAt: 0 }, "running");
  expect(tendDemand({ waiting: 1, min: 0, max: 5 }, [vm])).toEqual({ start: 1, end: [] });
});
