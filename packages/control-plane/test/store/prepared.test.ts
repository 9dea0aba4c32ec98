import { expect, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { makeStore } from "../../src/store/store.ts";
import { ACT, BUDGETS, queuedVm } from "../support/vms.ts";

test("what is null is written as null, not as the text that JSON has for it", async () => {
  const database = openMemoryDatabase();
  const store = makeStore(database);
  const vm = queuedVm({ id: "one", name: "one" });
  const by = {
    createdBy: "ci",
    idempotencyKey: null,
    bodyHash: "",
    secrets: Buffer.from("s"),
    mostQueued: 9,
  };
  await store.acceptVm({ ...by, vm }, ACT, 0);
  await store.applyEvent("one", { kind: "end_requested", by: "somebody" }, { now: 1, budgets: BUDGETS });

  const row = database.db.$client
    .prepare<[], Record<string, unknown>>(
      "select state, end_reason, end_error, hold, resolution, script_result, secrets, job_details from vms",
    )
    .get();
  expect(row).toEqual({
    state: "deleted",
    end_reason: "client",
    end_error: null,
    hold: null,
    resolution: null,
    script_result: null,
    secrets: null,
    job_details: "{}",
  });
  expect(store.events("one", 0, 9).map(({ type }) => type)).toEqual(["accepted", "state"]);
});
