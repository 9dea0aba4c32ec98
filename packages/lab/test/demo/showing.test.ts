import { VM_STATES, type VmRecord } from "@tartfleet/shared";
import { aVm } from "@tartfleet/shared/testing";
import { expect, test } from "vitest";
import { momentsBetween } from "../../src/demo/moments.ts";
import { draw, type Scene } from "../../src/demo/screen.ts";
import { progressOf, PROGRESS_END } from "../../src/demo/stage.ts";
import { table } from "../../src/demo/table.ts";

const job = { vmName: "vm-01", jobId: "build-01", seconds: 3, fails: false };
/** The job's. */
const aJobsVm = (parts: Partial<VmRecord> = {}) => aVm({ name: job.vmName, jobId: job.jobId, ...parts });

const scene: Scene = {
  now: Date.parse("2026-01-01T00:00:02.500Z"),
  startedAt: Date.parse("2026-01-01T00:00:00.000Z"),
  slots: [{ name: "mac-1", vmNames: ["vm-01", null] }],
  vms: [],
  jobs: [job],
  delivered: 0,
};
const plain = (_format: unknown, text: string) => text;

test("progress only grows over a VM's life", () => {
  const life = VM_STATES.map((state) => progressOf(aJobsVm({ state })));
  expect(life.toSorted((a, b) => a - b)).toEqual(life);
  expect(life.at(-1)).toBe(PROGRESS_END);
});

test("the picture shows every job, before and after its VM is there", () => {
  expect(draw(scene, plain)).toContain("vm-01  not asked for yet");
  const vm = aJobsVm({ state: "pulling", pullPercent: 40, host: "mac-1", slot: 0, attempt: 1 });
  const picture = draw({ ...scene, vms: [vm] }, plain);
  expect(picture).toContain("2.5 s · 0 in the queue · 1 on hosts · 0 gone · 0 of 1 results delivered");
  expect(picture).toContain("mac-1 [vm-01|free ]");
  expect(picture).toMatch(/vm-01 {2}mac-1\/0 .* pulls its image, 40 % +2\.5 s/);
});

test("on a low screen what runs is shown rather than what waits, and what waits rather than what is gone", () => {
  const jobs = ["vm-01", "vm-02", "vm-03"].map((vmName) => ({ ...job, vmName }));
  const gone = aJobsVm({ name: "vm-01", state: "deleted", endedAt: "2026-01-01T00:00:01.000Z" });
  const vms = [gone, aJobsVm({ name: "vm-02" }), aJobsVm({ name: "vm-03", state: "booting" })];
  const shown = (height: number) => draw({ ...scene, jobs, vms, slots: [] }, plain, height).match(/vm-\d+/g);
  expect(shown(7)).toEqual(["vm-03"]);
  expect(shown(8)).toEqual(["vm-02", "vm-03"]);
  expect(shown(9)).toEqual(["vm-01", "vm-02", "vm-03"]);
});

test("a moment is told once, and progress within a state is none", () => {
  const pulling = aJobsVm({ state: "pulling", pullPercent: 10, host: "mac-1", slot: 0 });
  const before = new Map([[pulling.id, pulling]]);
  expect(momentsBetween(new Map(), [pulling])).toEqual(["vm-01  mac-1/0       pulls its image"]);
  expect(momentsBetween(before, [{ ...pulling, pullPercent: 20 }])).toEqual([]);
  const ready = { ...pulling, state: "ready" as const };
  const working = { ...ready, job: { ...ready.job, state: "started" as const } };
  expect(momentsBetween(new Map([[ready.id, ready]]), [working])).toHaveLength(1);
});

test("the table has a line for each VM, also for one that never came to a host", () => {
  const text = table([
    {
      vmName: "vm-01",
      id: "a",
      host: null,
      slot: null,
      endReason: null,
      jobResult: "pending",
      queueSeconds: null,
      bootSeconds: null,
      jobSeconds: null,
      totalSeconds: 1.25,
      result: "pending",
      conclusion: null,
    },
  ]);
  expect(text.split("\n")).toHaveLength(3);
  expect(text).toMatch(/vm-01 +- .* none, pending .* 1\.3 s/);
});
