import * as fc from "fast-check";
import { expect, test } from "vitest";
import { goodOf, toldByCount } from "../../src/domain/queue-count.ts";
import type { Vm } from "../../src/domain/vm.ts";
import { queuedVm } from "../support/vms.ts";

const NOW = 1_000_000;

const vmOf = (id: string, changes: Partial<Vm>): Vm => queuedVm({ id, state: "ready", ...changes });

test("of runners that are up no more are held for idle than the queue has idle ones, and the newest of them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: NOW }), { maxLength: 8 }),
      fc.nat(10),
      fc.nat(10),
      (sinces, idle, running) => {
        const vms = sinces.map((stateSince, index) => vmOf(`vm-${index}`, { stateSince }));
        const told = toldByCount(vms, { waiting: 1, running, idle, at: NOW }, () => undefined);
        const up = vms.filter(({ stateSince }) => NOW - stateSince >= 30_000);
        const free = up.filter(({ id }) => !told.has(id));
        const busy = up.filter(({ id }) => told.get(id) === "running");
        expect(free.length).toBe(Math.min(idle, up.length));
        for (const { stateSince } of free)
          for (const each of busy) expect(each.stateSince).toBeLessThanOrEqual(stateSince);
        for (const vm of vms.filter((each) => !up.includes(each))) expect(told.get(vm.id)).toBe("perhaps");
      },
    ),
  );
});

test("a job that was taken after the count is still one of those that seem to wait in it", () => {
  const job = { state: "started" as const, startedAt: NOW + 1, endedAt: null, details: {} };
  const count = { waiting: 1, running: 0, idle: 0, at: NOW };
  expect(toldByCount([vmOf("a", { job })], count, () => undefined).has("a")).toBe(false);
  const before = { ...job, startedAt: NOW - 1 };
  expect(toldByCount([vmOf("a", { job: before })], count, () => undefined).get("a")).toBe("running");
  const exited = vmOf("a", { state: "stopping", announced: "runner_exited", stateSince: NOW + 5 });
  expect(toldByCount([exited], count, () => NOW - 1).get("a")).toBe("running");
});

test("a queue that tells of no idle runners: as many have a job as run in it", () => {
  const vms = [1, 2].map((since) => vmOf(`vm-${since}`, { stateSince: since }));
  const told = toldByCount(vms, { waiting: 0, running: 1, at: NOW }, () => undefined);
  expect([...told]).toEqual([["vm-1", "running"]]);
});

test("runners that exit while as many jobs wait and none runs were in vain", () => {
  const count = (waiting: number, running = 0) => ({ waiting, running });
  expect(goodOf(count(1), count(1), 1)).toBe("vain");
  expect(goodOf(count(1), count(2), 1)).toBe("vain");
  expect(goodOf(count(2), count(1), 1)).toBe("well");
  expect(goodOf(count(1), count(1, 1), 1)).toBe("well");
  expect(goodOf(count(1), count(1), 0)).toBeUndefined();
  expect(goodOf(count(0), count(1), 1)).toBeUndefined();
  expect(goodOf(undefined, count(1), 1)).toBeUndefined();
});
