import { aVm } from "@tartfleet/shared/testing";
import { expect, test } from "vitest";
import { complaints, outcomeOf } from "../../src/demo/outcome.ts";

const ended = aVm({
  state: "deleted",
  host: "mac-2",
  slot: 1,
  attempt: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
  assignedAt: "2026-01-01T00:00:12.250Z",
  readyAt: "2026-01-01T00:00:20.000Z",
  job: {
    state: "ended",
    startedAt: "2026-01-01T00:00:21.000Z",
    endedAt: "2026-01-01T00:00:24.500Z",
    details: {},
  },
  end: { reason: "runner_exited", message: "…", error: null },
  endedAt: "2026-01-01T00:00:30.000Z",
});

test("a VM's life in seconds", () => {
  expect(outcomeOf(ended, { result: "delivered", conclusion: "failure" })).toEqual({
    id: ended.id,
    host: "mac-2",
    slot: 1,
    endReason: "runner_exited",
    jobResult: "delivered",
    queueSeconds: 12.25,
    bootSeconds: 7.75,
    jobSeconds: 3.5,
    totalSeconds: 30,
  });
});

test("what did not happen is null", () => {
  expect(outcomeOf(aVm(), { result: "pending", conclusion: null })).toMatchObject({
    host: null,
    endReason: null,
    queueSeconds: null,
    bootSeconds: null,
    jobSeconds: null,
    totalSeconds: null,
  });
});

test("nothing is wrong when every runner exited, every result was delivered and nothing is left", () => {
  const fine = outcomeOf(ended, { result: "delivered", conclusion: "failure" });
  expect(complaints(1, [fine], [])).toEqual([]);
  expect(complaints(2, [fine], [])).toHaveLength(1);
  expect(complaints(1, [{ ...fine, endReason: "hook_grace_forced" }], [])).toHaveLength(1);
  expect(complaints(1, [{ ...fine, jobResult: "lost" }], [])).toHaveLength(1);
  expect(complaints(1, [fine], [{ kind: "process", what: "42 sleep" }])).toHaveLength(1);
});
