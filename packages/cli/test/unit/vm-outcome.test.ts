import { END_REASONS, type EndReason, type VmRecord } from "@tartfleet/shared";
import { aVm } from "@tartfleet/shared/testing";
import { expect, test } from "vitest";
import { reached } from "../../src/vm-outcome.ts";

const AT = "2026-01-01T00:00:00.000Z";

/** A VM that was ready and has ended for that reason. */
function ended(reason: EndReason, change: Partial<VmRecord> = {}): VmRecord {
  const end = { reason, message: "", error: null };
  return aVm({ state: END_REASONS[reason].outcome, readyAt: AT, endedAt: AT, end, ...change });
}

test("an end counts as wanted when the VM's own work brought it", () => {
  const reasons: readonly EndReason[] = Object.keys(END_REASONS) as EndReason[];
  const wanted = reasons.filter((reason) => reached(ended(reason), "ended"));
  expect(wanted).toEqual(["runner_exited", "hook_grace_forced", "guest_shutdown", "job_over"]);
  expect(reasons.filter((reason) => reached(ended(reason), "ready"))).toEqual(wanted);
});

test.for<[string, number | null | undefined, boolean]>([
  ["succeeded", 0, true],
  ["failed", 3, false],
  ["was ended by a signal", null, false],
  ["left no result", undefined, false],
])("a script that %s", ([, exitCode, expected]) => {
  const scriptResult = exitCode === undefined ? null : { exitCode, output: "", truncated: false };
  const script = ended("runner_exited", { runner: { kind: "script" }, scriptResult });
  expect(reached(script, "ended")).toBe(expected);
});

test("ready is reached when it is, not before, and not by a VM that ended without having been", () => {
  expect(reached(aVm({ state: "booting" }), "ready")).toBe(false);
  expect(reached(aVm({ state: "ready", readyAt: AT }), "ready")).toBe(true);
  expect(reached(aVm({ state: "draining", readyAt: AT }), "ready")).toBe(true);
  expect(reached(ended("runner_exited", { readyAt: null }), "ready")).toBe(false);
  expect(reached(aVm({ state: "ready", readyAt: AT }), "ended")).toBe(false);
});
