import { expect, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { startFleet } from "../support/fleet.ts";

test("a VM whose secrets cannot be opened fails with that reason, once, and its host goes on", async () => {
  const database = openMemoryDatabase();
  const fleet = await startFleet({ database });
  const host = await fleet.host("mac-1");
  const id = await fleet.create({ env: { SECRET: "canary-env" } });
  database.db.run("update vms set secrets = zeroblob(100)");
  const about = { vmId: id, attempt: 1 };
  await expect(fleet.useCases.agent.bootstrap(host.host, host.epoch, about)).rejects.toMatchObject({
    code: "attempt_not_current",
  });
  await host.removeAll();
  expect(fleet.useCases.getVm(id)).toMatchObject({
    state: "failed",
    attempt: 1,
    end: { reason: "start_failed", error: { code: "secrets_unreadable" } },
  });
  const next = await fleet.create();
  expect((await host.assignments()).assignments.map(({ vmId }) => vmId)).toEqual([next]);
  expect(fleet.errors).toEqual([]);
  fleet.close();
});
