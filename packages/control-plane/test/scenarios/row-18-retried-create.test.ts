import { createVmSchema } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { CI, startFleet } from "../support/fleet.ts";

test("peers §4 row 18: a CI system that retries its call gets the VM that it has, over restarts, and never a second one", async () => {
  const fleet = await startFleet();
  const ask = (jobId: string) => createVmSchema.parse({ image: "ghcr.io/org/image:1", jobId });
  const create = (jobId = "4711") => fleet.useCases.createVm(CI, ask(jobId), "job-4711");
  // The answers of the first calls are lost.
  const [{ vm }] = await Promise.all([create(), create(), create()]);
  await fleet.restart();
  const mac = await fleet.host("mac-1");
  await mac.bringUpAll();
  expect(await create()).toMatchObject({ vm: { id: vm.id, state: "ready" }, created: false });
  expect(fleet.useCases.listVms({ limit: 100, state: undefined }).vms).toHaveLength(1);
  await expect(create("4712")).rejects.toMatchObject({ code: "idempotency_conflict" });
  // When that VM is over, the same key may ask for another: the job was queued again.
  await fleet.useCases.endVm(CI, vm.id, {});
  await mac.removeAll();
  expect(await create()).toMatchObject({ created: true });
  expect(fleet.errors).toEqual([]);
  fleet.close();
});
