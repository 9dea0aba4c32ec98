import { expect, test } from "vitest";
import { CI, startFleet } from "../support/fleet.ts";

const MINUTE = 60_000;

test("a VM that needs the whole Mac starts under a steady stream of small ones, and only as long as it waits is a host kept for it", async () => {
  const fleet = await startFleet();
  const macs: Awaited<ReturnType<typeof fleet.host>>[] = [];
  for (const name of ["mac-1", "mac-2", "mac-3"]) {
    macs.push(await fleet.host(name, { cpu: 8, memoryMiB: 16_384 }));
  }
  const small = async () => {
    while (fleet.useCases.listVms({ state: ["queued"], limit: 100 }).vms.length < 5) await fleet.create();
  };
  /** A minute in which the VM that runs longest ends, and more small ones are asked for. */
  const minute = async () => {
    await small();
    for (const mac of macs) {
      await mac.heartbeat();
      await mac.bringUpAll();
    }
    const oldest = fleet.useCases.listVms({ state: ["ready"], limit: 100 }).vms.at(-1);
    if (oldest) await fleet.useCases.endVm(CI, oldest.id, {});
    for (const mac of macs) await mac.removeAll();
    await fleet.clock.pass(MINUTE / 4);
    for (let beat = 0; beat < 3; beat += 1) {
      for (const mac of macs) await mac.heartbeat();
      await fleet.clock.pass(MINUTE / 4);
    }
  };
  await minute();
  const large = await fleet.create({ cpu: 8, memoryMiB: 16_384 });
  for (let n = 0; n < 14; n += 1) await minute();
  expect(fleet.state(large)).toBe("queued");
  expect(kept(fleet)).toEqual([]);
  for (let n = 0; n < 2; n += 1) await minute();
  const [host] = kept(fleet);
  expect(host).toBeDefined();
  for (let n = 0; n < 6; n += 1) await minute();
  expect(fleet.useCases.getVm(large)).toMatchObject({ attempt: 1, host });
  expect(kept(fleet)).toEqual([]);
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("a host that was kept is given to small ones again when the large one is ended in the queue", async () => {
  const fleet = await startFleet();
  const mac = await fleet.host("mac-1", { cpu: 8, memoryMiB: 16_384 });
  const ended = await fleet.create();
  await fleet.create();
  const large = await fleet.create({ cpu: 8, memoryMiB: 16_384 });
  const small = await fleet.create();
  await mac.bringUpAll();
  for (let beat = 0; beat < 16 * 4; beat += 1) {
    await mac.heartbeat();
    await fleet.clock.pass(MINUTE / 4);
  }
  await fleet.useCases.endVm(CI, ended, {});
  await mac.removeAll();
  expect(kept(fleet)).toEqual(["mac-1"]);
  await fleet.useCases.endVm(CI, large, {});
  await fleet.clock.pass(100);
  expect(fleet.state(small)).toBe("assigned");
  fleet.close();
});

/** The hosts that a small VM is told are kept for a larger one. */
function kept(fleet: Awaited<ReturnType<typeof startFleet>>): string[] {
  const waits = fleet.useCases.listVms({ state: ["queued"], limit: 100 }).vms.find(({ cpu }) => cpu === null);
  const { waiting } = fleet.useCases.explainVm(waits?.id ?? "");
  return waiting?.hosts.groups.find(({ reason }) => reason === "kept")?.names ?? [];
}
