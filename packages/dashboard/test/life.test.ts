import type { VmEvent, VmRecord } from "@tartfleet/shared";
import { aVm } from "@tartfleet/shared/testing";
import { expect, test } from "vitest";
import { endingMeans } from "../src/vms/ending.ts";
import { lifeOf } from "../src/vms/life.ts";
import { anEvent, at } from "./support/an-event.ts";

const ERROR = { code: "start_failed", message: "tart run failed", facts: {} };

/** Placed twice: it failed while it booted on one host, and runs on another. */
const twice: VmEvent[] = [
  anEvent(0, "queued", { type: "accepted" }),
  anEvent(5, "assigned", { attempt: 1, data: { host: "mac-1" } }),
  anEvent(6, "cloning", { attempt: 1, data: { budgetSeconds: 600, budgetFrom: "learned" } }),
  anEvent(10, "booting", { attempt: 1, data: { budgetSeconds: 60, budgetFrom: "request" } }),
  anEvent(12, "queued", { attempt: 1, type: "attempt_failed", data: { error: ERROR, phase: "booting" } }),
  anEvent(20, "assigned", { attempt: 2, data: { host: "mac-2" } }),
  anEvent(21, "pulling", { attempt: 2, data: { budgetSeconds: 900 } }),
  anEvent(90, "booting", { attempt: 2, data: { budgetSeconds: 60 } }),
  anEvent(95, "ready", { attempt: 2 }),
  anEvent(96, "ready", { attempt: 2, type: "job" }),
];

test("a life has a chapter for each wait and each attempt, and one for the run", () => {
  const chapters = lifeOf(twice, aVm({ state: "ready", deadlineAt: at(3600) }));
  expect(
    chapters.map(({ kind, attempt, host, phases }) => [
      kind,
      attempt,
      host,
      phases.map(({ state }) => state),
    ]),
  ).toEqual([
    ["wait", 0, null, ["queued"]],
    ["attempt", 1, "mac-1", ["assigned", "cloning", "booting"]],
    ["wait", 0, null, ["queued"]],
    ["attempt", 2, "mac-2", ["assigned", "pulling", "booting"]],
    ["run", 2, "mac-2", ["ready"]],
  ]);
});

test("phases are as long as until the next, with the budgets that were told; the last one lasts", () => {
  const [, first, , second, run] = lifeOf(twice, aVm({ state: "ready", deadlineAt: at(3600) }));
  const lengths = first?.phases.map(({ from, until }) => ((until ?? 0) - from) / 1000);
  expect(lengths).toEqual([1, 4, 2]);
  expect(first?.phases.map(({ budgetMs, budgetFrom }) => [budgetMs, budgetFrom])).toEqual([
    [null, null],
    [600_000, "learned"],
    [60_000, "request"],
  ]);
  // How long a pull may stand still says nothing of how long it may take.
  expect(second?.phases[1]?.budgetMs).toBeNull();
  expect(run?.phases[0]).toMatchObject({ until: null, budgetMs: (3600 - 95) * 1000 });
});

test("the phase in which an attempt failed is marked, and its chapter knows why", () => {
  const [, first, wait, second] = lifeOf(twice, aVm({ state: "ready" }));
  expect(first?.error).toEqual(ERROR);
  expect(first?.phases.map(({ isFailure }) => isFailure)).toEqual([false, false, true]);
  expect([wait?.error, second?.error]).toEqual([null, null]);
});

test("after its end nothing lasts", () => {
  const events = [
    ...twice,
    anEvent(100, "stopping", { attempt: 2 }),
    anEvent(103, "deleted", { attempt: 2 }),
  ];
  const phases = lifeOf(events, aVm({ state: "deleted" })).flatMap((chapter) => chapter.phases);
  expect(phases.map(({ until }) => until)).not.toContain(null);
  expect(phases.at(-1)).toMatchObject({ state: "stopping", until: Date.parse(at(103)) });
});

test.each<[string, Partial<VmRecord>, RegExp, boolean]>([
  ["that waits", { state: "queued" }, /leaves the queue/, false],
  ["that is brought up", { state: "booting", host: "mac-1" }, /brought up on mac-1/, false],
  [
    "whose job runs",
    { state: "ready", job: { state: "started", startedAt: null, endedAt: null, details: {} } },
    /cut off/,
    true,
  ],
  ["that waits for a job", { state: "ready", runner: { kind: "github" } }, /waits for a job/, true],
  ["with a script", { state: "ready", runner: { kind: "script" } }, /script runs/, true],
  ["that somebody works in", { state: "ready", runner: null }, /works in it/, true],
  ["whose result is on its way", { state: "draining" }, /result may be lost/, true],
  ["on a silent host", { state: "booting", unreachableSince: at(0) }, /when the host is back/, false],
])("to end a VM %s means that", (_what, parts, text, isLoss) => {
  const means = endingMeans(aVm(parts));
  expect(means.text).toMatch(text);
  expect(means.isLoss).toBe(isLoss);
});
