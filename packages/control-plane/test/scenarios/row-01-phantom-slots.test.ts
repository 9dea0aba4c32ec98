import { expect, test } from "vitest";
import { startFleet } from "../support/fleet.ts";

test("peers §4 row 1: macOS refuses a VM though none is seen: the job goes elsewhere, and the slot comes back", async () => {
  const fleet = await startFleet({ config: { maxAttempts: 1 } });
  const macs = [];
  for (const name of ["mac-1", "mac-2", "mac-3"]) macs.push(await fleet.host(name));
  const id = await fleet.create();
  // Leftover processes hold the slots of two Macs; each host finds out by being refused.
  for (const mac of macs.slice(0, 2)) {
    const { assignments } = await mac.assignments();
    const attempt = assignments.find(({ vmId }) => vmId === id)?.attempt ?? 0;
    await mac.hello({ phantomSlots: 2 });
    const error = { code: "vm_limit_reached" as const, message: "macOS refused it.", facts: {} };
    await mac.report({ kind: "failed", vmId: id, attempt, phase: "booting", error });
    await mac.removeAll();
  }
  expect(fleet.useCases.getVm(id)).toMatchObject({ state: "assigned", host: "mac-3", attempt: 3 });
  expect(fleet.useCases.capacity().slots).toMatchObject({ phantom: 4, free: 1, busy: 1 });
  // It is nobody's failure: no Mac is closed for it.
  expect(fleet.useCases.listHosts().every(({ cordon }) => cordon === null)).toBe(true);

  const waits = [await fleet.create(), await fleet.create()];
  await fleet.clock.pass(10);
  expect(waits.map(fleet.state)).toEqual(["assigned", "queued"]);
  await macs[0]?.hello({ phantomSlots: 0 });
  await fleet.clock.pass(10);
  expect(waits.map(fleet.state)).toEqual(["assigned", "assigned"]);
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("peers §4 row 1: what a VM came upon leaves it all its attempts for what fails in earnest", async () => {
  const fleet = await startFleet({ config: { maxAttempts: 2 } });
  const macs = [];
  for (const name of ["mac-1", "mac-2", "mac-3", "mac-4"]) macs.push(await fleet.host(name));
  const id = await fleet.create();
  for (const code of ["vm_limit_reached", "vm_limit_reached", "start_failed"] as const) {
    const { host, attempt } = fleet.useCases.getVm(id);
    const mac = macs.find(({ host: { principal } }) => principal.hostName === host);
    const error = { code, message: "It did not start.", facts: {} };
    await mac?.report({ kind: "failed", vmId: id, attempt, phase: "booting", error });
    await mac?.removeAll();
  }
  expect(fleet.useCases.getVm(id)).toMatchObject({ state: "assigned", attempt: 4 });
  expect(fleet.errors).toEqual([]);
  fleet.close();
});
