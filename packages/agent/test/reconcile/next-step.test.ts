import { BRING_UP_STATES } from "@tartfleet/shared";
import { describe, expect, test } from "vitest";
import { restored, STAGES, type Entry, type Instance, type Stage } from "../../src/reconcile/instance.ts";
import { nextStep, type Orders, type SeenInstance, type Want } from "../../src/reconcile/next-step.ts";
import { assignment, nameOf } from "../support/assignments.ts";

const REF = assignment(1);

function instance(
  stage: Stage,
  memory: Partial<Instance["memory"]> = {},
  entry: Partial<Entry> = {},
): Instance {
  const base = restored(nameOf(REF), {
    vmId: REF.vmId,
    attempt: 1,
    stage,
    os: "macos",
    imageDigest: null,
    ip: null,
    run: null,
    bootedAt: null,
    failure: null,
    ...entry,
  });
  return { ...base, memory: { ...base.memory, ...memory } };
}

const orders = (want: Want, more: Partial<Orders> = {}): Orders => ({
  want,
  isScript: false,
  imageCached: true,
  isWarm: false,
  reached: null,
  ...more,
});
const seen = (state: SeenInstance["state"], logExists = false): SeenInstance => ({ state, logExists });
const step = (o: Orders, s: SeenInstance, i: Instance) => nextStep(o, s, i, 0).kind;

/** wanted running: stage × (absent, stopped, stopped with a log, running). */
const UP: Record<Stage, [string, string, string, string]> = {
  new: ["clone", "discard", "collect_end", "adopt"],
  cloning: ["clone", "discard", "collect_end", "adopt"],
  cloned: ["discard", "configure", "configure", "adopt"],
  configured: ["discard", "run", "run", "adopt"],
  starting: ["discard", "run", "collect_end", "adopt"],
  started: ["collect_end", "collect_end", "collect_end", "reach_guest"],
  ready: ["collect_end", "collect_end", "collect_end", "rest"],
};

/** wanted gone: the same. */
const DOWN: Record<Stage, [string, string, string, string]> = {
  new: ["forget", "delete", "delete", "stop"],
  cloning: ["forget", "delete", "delete", "stop"],
  cloned: ["forget", "delete", "delete", "stop"],
  configured: ["forget", "delete", "delete", "stop"],
  starting: ["forget", "delete", "delete", "stop"],
  started: ["forget", "collect_end", "collect_end", "stop"],
  ready: ["forget", "collect_end", "collect_end", "stop"],
};

const SEEN = [seen("absent"), seen("stopped"), seen("stopped", true), seen("running", true)] as const;

describe("the table of next steps", () => {
  test.each(STAGES)("an attempt that is %s", (stage) => {
    expect(SEEN.map((look) => step(orders("running"), look, instance(stage)))).toEqual(UP[stage]);
    expect(SEEN.map((look) => step(orders("gone"), look, instance(stage)))).toEqual(DOWN[stage]);
    expect(SEEN.map((look) => step(orders("unknown"), look, instance(stage)))).toEqual(
      SEEN.map(() => "rest"),
    );
    expect(SEEN.map((look) => step(orders("unwanted"), look, instance(stage)))).toEqual([
      "forget",
      "rest",
      "rest",
      "rest",
    ]);
  });

  test("a step waits for its time, whatever is wanted", () => {
    for (const stage of STAGES) {
      for (const want of ["running", "gone", "unknown", "unwanted"] as const) {
        for (const look of SEEN) {
          expect(nextStep(orders(want), look, instance(stage, { retryAt: 1 }), 0).kind).toBe("rest");
        }
      }
    }
  });

  test("what failed or ended is never brought up again, whatever is seen", () => {
    const failure = { phase: "booting", error: { code: "start_failed", message: "", facts: {} } } as const;
    const end = { ...REF, kind: "run_ended", cause: "killed", logTail: "" } as const;
    for (const stage of STAGES) {
      for (const look of SEEN) {
        expect(step(orders("running"), look, instance(stage, {}, { failure }))).toBe("rest");
        expect(step(orders("running"), look, instance(stage, { end }))).toBe("rest");
      }
    }
  });

  test("what ran once by the control plane's knowledge is never cloned anew", () => {
    for (const reached of BRING_UP_STATES) {
      const ran = reached === "booting" || reached === "provisioning" || reached === "ready";
      const asked = orders("running", { reached });
      expect(step(asked, seen("absent"), instance("new"))).toBe(ran ? "lost" : "clone");
      expect(step(asked, seen("stopped"), instance("new"))).toBe(ran ? "collect_end" : "discard");
    }
  });
});

test("an image that is not there is pulled first, once", () => {
  const missing = orders("running", { imageCached: false });
  expect(step(missing, seen("absent"), instance("new"))).toBe("pull");
  expect(step(missing, seen("absent"), instance("new", { pulled: true }))).toBe("clone");
});

test("the guest is provisioned when it was reached", () => {
  expect(step(orders("running"), seen("running"), instance("started", { guestReached: true }))).toBe(
    "provision",
  );
});

test("what is kept warm is reached and not set up, until somebody takes it", () => {
  const warm = orders("running", { isWarm: true });
  expect(step(warm, seen("running"), instance("started"))).toBe("reach_guest");
  expect(step(warm, seen("running"), instance("started", { guestReached: true }))).toBe("rest");
  expect(step(warm, seen("stopped", true), instance("started", { guestReached: true }))).toBe("collect_end");
});

test("the way down: the script's result, then rung by rung, then the delete, then it is forgotten", () => {
  const script = orders("gone", { isScript: true });
  expect(step(script, seen("running"), instance("ready"))).toBe("script_result");
  expect(step(script, seen("running"), instance("started"))).toBe("stop");
  const rungs = [0, 1, 2, 3, 4].map((nextRung) =>
    nextStep(script, seen("running"), instance("ready", { scriptRead: true, nextRung }), 0),
  );
  expect(rungs).toMatchObject([
    { rung: "guest_shutdown" },
    { rung: "tart_stop" },
    { rung: "interrupt" },
    { rung: "kill" },
    { rung: "tart_stop" },
  ]);
  const end = { ...REF, kind: "run_ended", cause: "stopped", logTail: "" } as const;
  expect(step(script, seen("stopped", true), instance("ready", { end }))).toBe("delete");
  expect(step(script, seen("absent"), instance("ready", { end, goneReported: true }))).toBe("rest");
});
