import { SLOTS_PER_HOST, type Assignment } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { newInstance, restored, STAGES, type Instance } from "../../src/reconcile/instance.ts";
import type { StepKind } from "../../src/reconcile/next-step.ts";
import {
  reconcile,
  takenSlots,
  track,
  type ReconcileInput,
  type SeenVm,
} from "../../src/reconcile/reconcile.ts";
import { assignment, nameOf } from "../support/assignments.ts";

/** Any host: some of ours wanted in any way, some not, in any stage; foreign VMs, running or not. */
const input = fc
  .record({
    ours: fc.uniqueArray(
      fc.record({
        n: fc.integer({ min: 1, max: 9 }),
        stage: fc.constantFrom(...STAGES),
        os: fc.constantFrom("macos" as const, "macos" as const, "linux" as const),
        seen: fc.constantFrom("absent", "stopped", "running"),
        want: fc.constantFrom("running" as const, "running" as const, "gone" as const, undefined),
        busy: fc.constantFrom<StepKind | undefined>(
          undefined,
          undefined,
          "clone",
          "run",
          "stop",
          "reach_guest",
        ),
        isTracked: fc.boolean(),
        guestReached: fc.boolean(),
        isDue: fc.boolean(),
      }),
      { selector: ({ n }) => n, maxLength: 8 },
    ),
    foreign: fc.array(
      fc.record({ running: fc.boolean(), os: fc.constantFrom("macos" as const, "linux" as const, null) }),
      { maxLength: 3 },
    ),
    hasSet: fc.boolean(),
  })
  .map(({ ours, foreign, hasSet }): ReconcileInput => {
    const wanted: Assignment[] = [];
    const vms = new Map<string, SeenVm>();
    const tracked = new Map<string, Instance>();
    const busy = new Map<string, StepKind>();
    const due = new Set<string>();
    for (const [at, { running, os }] of foreign.entries()) {
      vms.set(`somebody-${at}`, { name: `somebody-${at}`, running, os });
    }
    for (const our of ours) {
      const ref = assignment(our.n, { os: our.os });
      const name = nameOf(ref);
      if (our.want) wanted.push({ ...ref, want: our.want });
      if (our.seen !== "absent") vms.set(name, { name, running: our.seen === "running", os: our.os });
      if (our.isDue) due.add(name);
      if (!our.isTracked && !our.busy) continue;
      const entry = { ...newInstance(name, ref, our.os).entry, stage: our.stage };
      const instance = restored(name, entry);
      tracked.set(name, { ...instance, memory: { ...instance.memory, guestReached: our.guestReached } });
      if (our.busy) busy.set(name, our.busy);
    }
    const seen = { vms, logs: new Set<string>(), images: new Set<string>() };
    return {
      wanted: hasSet ? wanted : null,
      seen,
      instances: track(tracked, hasSet ? wanted : null, seen),
      busy,
      isDue: (name) => due.has(name),
      now: 0,
    };
  });

const TAKES_DOWN = new Set<StepKind>(["stop", "delete", "script_result"]);
const MAKES = new Set<StepKind>(["pull", "clone", "configure", "run", "provision", "adopt", "reach_guest"]);

test("never a third macOS VM: what runs, what is being started and what is foreign counts", () => {
  fc.assert(
    fc.property(input, (host) => {
      const isMacos = (name: string) =>
        (host.instances.get(name)?.entry.os ?? host.seen.vms.get(name)?.os) !== "linux";
      const running = [...host.seen.vms.values()].filter((vm) => vm.running).map(({ name }) => name);
      const starting = [...host.busy].filter(([, kind]) => kind === "run").map(([name]) => name);
      const started = reconcile(host)
        .steps.filter(({ step }) => step.kind === "run")
        .map(({ name }) => name);
      const all = new Set([...running, ...starting, ...started].filter(isMacos));
      if (started.some(isMacos)) expect(all.size).toBeLessThanOrEqual(SLOTS_PER_HOST);
      expect(takenSlots(host)).toEqual(new Set([...running, ...starting].filter(isMacos)));
    }),
  );
});

test("nothing foreign is ever touched, and nothing that is busy", () => {
  fc.assert(
    fc.property(input, (host) => {
      const { steps, cutOff } = reconcile(host);
      for (const { name } of steps) {
        expect(name).toMatch(/^tf-/);
        expect(host.busy.has(name)).toBe(false);
      }
      for (const name of cutOff) expect(host.busy.has(name)).toBe(true);
    }),
  );
});

test("only what is wanted is made, only what is not wanted any more is taken down, nothing without a set", () => {
  fc.assert(
    fc.property(input, (host) => {
      const wants = new Map(host.wanted?.map((each) => [nameOf(each), each.want]));
      for (const { name, step } of reconcile(host).steps) {
        const want = wants.get(name);
        if (host.wanted === null) throw new Error(`${step.kind} without knowing what is wanted`);
        if (MAKES.has(step.kind)) expect(want).toBe("running");
        if (TAKES_DOWN.has(step.kind))
          expect(want === "gone" || (want === undefined && host.isDue(name))).toBe(true);
      }
    }),
  );
});

test("each instance has at most one next step, and the same input the same steps", () => {
  fc.assert(
    fc.property(input, (host) => {
      const first = reconcile(host);
      expect(new Set(first.steps.map(({ name }) => name)).size).toBe(first.steps.length);
      expect(reconcile(host)).toEqual(first);
    }),
  );
});
