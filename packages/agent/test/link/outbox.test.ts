import { reportSchema, type Report } from "@tartfleet/shared";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createBackOff } from "../../src/link/back-off.ts";
import { createOutbox } from "../../src/link/outbox.ts";
import { assignment } from "../support/assignments.ts";

const ref = (n: number) => ({ vmId: assignment(n).vmId, attempt: 1 });

const report = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    kind: fc.constantFrom("phase", "phase", "phase", "run_ended", "gone"),
  })
  .map(({ n, kind }): Report => {
    if (kind === "phase") return { kind, ...ref(n), phase: "pulling" };
    return kind === "gone"
      ? { kind, ...ref(n) }
      : { kind: "run_ended", ...ref(n), cause: "stopped", logTail: "" };
  });

const act = fc.oneof(
  report.map((report) => ({ kind: "put" as const, report })),
  fc.record({ kind: fc.constant("send" as const), isAnswered: fc.boolean() }),
);

test("everything but a phase that was overtaken arrives, in order, however often answers are lost", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
      const outbox = createOutbox();
      const heard: Report[] = [];
      const said: Report[] = [];
      const send = (isAnswered: boolean) => {
        const batch = outbox.next();
        for (const report of batch) if (!heard.includes(report)) heard.push(report);
        if (isAnswered) outbox.acknowledge(batch.length);
      };
      for (const [at, step] of acts.entries()) {
        if (step.kind === "send") send(step.isAnswered);
        else {
          // Each one is another, so that it can be told from its like.
          const report =
            step.report.kind === "phase" ? { ...step.report, pullPercent: at } : { ...step.report };
          said.push(report);
          outbox.put(report);
        }
      }
      while (outbox.size > 0) send(true);
      for (const n of [1, 2, 3]) {
        const { vmId } = ref(n);
        const mine = (reports: Report[]) => reports.filter((report) => report.vmId === vmId);
        const key = (report: Report) => JSON.stringify(report);
        const expected = mine(said).map(key);
        const got = mine(heard).map(key);
        // A subsequence that lacks nothing but phases that were followed by another phase.
        const lacking = mine(said).filter((report) => !got.includes(key(report)));
        expect(got).toEqual(expected.filter((text) => got.includes(text)));
        for (const report of lacking) {
          expect(report.kind).toBe("phase");
          expect(mine(said)[mine(said).indexOf(report) + 1]?.kind).toBe("phase");
        }
      }
    }),
  );
});

test("what is said of attempts that nobody asks about is forgotten, also while it is being sent", () => {
  const outbox = createOutbox();
  outbox.put({ kind: "gone", ...ref(1) });
  outbox.put({ kind: "gone", ...ref(2) });
  const batch = outbox.next();
  outbox.retain(({ vmId }) => vmId === ref(2).vmId);
  outbox.acknowledge(1);
  expect(batch).toHaveLength(2);
  expect(outbox.next()).toEqual([{ kind: "gone", ...ref(2) }]);
});

test("a large output goes alone, and never more than a frame may hold", () => {
  const outbox = createOutbox();
  const output = "\u0000".repeat(131_072);
  for (const n of [1, 2])
    outbox.put({ kind: "script_result", ...ref(n), exitCode: 0, output, truncated: true });
  const batch = outbox.next();
  expect(batch).toHaveLength(1);
  expect(JSON.stringify(batch).length).toBeLessThan(1 << 20);
  expect(reportSchema.safeParse(batch[0]).success).toBe(true);
});

test("it is bounded, and keeps what matters most", () => {
  const outbox = createOutbox();
  for (let n = 1; n <= 2000; n += 1) {
    outbox.put({ kind: "stop_rung", ...ref(n), rung: "kill", outcome: "done", milliseconds: 1 });
    if (n % 4 === 0) outbox.put({ kind: "gone", ...ref(n) });
  }
  expect(outbox.size).toBeLessThanOrEqual(1000);
  let gone = 0;
  while (outbox.size > 0) {
    const batch = outbox.next();
    gone += batch.filter(({ kind }) => kind === "gone").length;
    outbox.acknowledge(batch.length);
  }
  expect(gone).toBe(500);
});

test("pauses between connections double up to 30 s, jittered from nothing up, and a healthy minute resets them", () => {
  const most = createBackOff(() => 1);
  const pauses = Array.from({ length: 9 }, () => most.next());
  expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  most.lasted(59_000);
  expect(most.next()).toBe(30_000);
  most.lasted(60_000);
  expect(most.next()).toBe(500);
  expect(createBackOff(() => 0).next()).toBe(0);
});

test.each([
  [1000, [1000, 1000, 2000, 4000, 5000, 5000]],
  [12_000, [12_000, 1000, 2000, 4000, 8000, 12_000, 12_000]],
  [50_000, [50_000, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]],
])("in a fleet that returns within %i ms no pause is much longer", (within, pauses) => {
  const most = createBackOff(() => 1);
  most.spread(within);
  expect(pauses.map(() => most.next())).toEqual(pauses);
});
