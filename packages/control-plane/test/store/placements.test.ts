import { expect, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { makeStore } from "../../src/store/store.ts";
import { FACTS } from "../support/fleet.ts";
import { ACT, BUDGETS, queuedVm } from "../support/vms.ts";

test("a placement that was decided before its host was taken out of the fleet is not carried out", async () => {
  const database = openMemoryDatabase();
  const store = makeStore(database);
  const credential = { id: "t", hash: "h", kind: "host", name: "host mac-1", createdAt: 0 } as const;
  const hostId = await store.enrolHost({ name: "mac-1", machineId: "m", by: null, credential }, ACT, 0);
  const vm = queuedVm({ id: "first", name: "first" });
  const accepted = { vm, createdBy: "ci", idempotencyKey: null, bodyHash: "", mostQueued: 9, secrets: null };
  await store.acceptVm(accepted, ACT, 0);
  const context = { now: 1, budgets: BUDGETS };
  const [, placed] = await Promise.all([
    store.removeHost("mac-1", false, ACT, context),
    store.placeVms([{ vmId: "first", hostId, slot: 0 }], context),
  ]);
  expect(placed.map(({ outcome }) => outcome)).toEqual(["ignored"]);
  expect(store.vm("first")?.state).toBe("queued");
  database.close();
});

test("a placement that was decided before its host told of a phantom is not carried out", async () => {
  const database = openMemoryDatabase();
  const store = makeStore(database);
  const credential = { id: "t", hash: "h", kind: "host", name: "host mac-1", createdAt: 0 } as const;
  const hostId = await store.enrolHost({ name: "mac-1", machineId: "m", by: null, credential }, ACT, 0);
  for (const id of ["first", "second"]) {
    const vm = queuedVm({ id, name: id });
    const accepted = {
      vm,
      createdBy: "ci",
      idempotencyKey: null,
      bodyHash: "",
      mostQueued: 9,
      secrets: null,
    };
    await store.acceptVm(accepted, ACT, 0);
  }
  const facts = { ...FACTS, phantomSlots: 1 };
  const [, placed] = await Promise.all([
    store.openSession(hostId, "m", { facts, instances: [] }, ACT, 1),
    store.placeVms(
      [
        { vmId: "first", hostId, slot: 0 },
        { vmId: "second", hostId, slot: 1 },
      ],
      { now: 1, budgets: BUDGETS },
    ),
  ]);
  expect(placed.map(({ outcome }) => outcome)).toEqual(["applied", "ignored"]);
  expect(store.vm("second")?.state).toBe("queued");
  database.close();
});
