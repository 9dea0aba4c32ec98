import { describe, expect, test } from "vitest";
import { watchStorage } from "../../src/engine/storage-watch.ts";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { NO_RESERVE, type Reserve } from "../../src/store/reserve.ts";
import { CI, settle, startFleet, virtualClock } from "../support/fleet.ts";
import { sicken } from "../support/sick.ts";

async function sickFleet(config: Parameters<typeof startFleet>[0] = {}) {
  const database = openMemoryDatabase();
  const sick = sicken(database);
  const fleet = await startFleet({ ...config, database });
  return { fleet, sick };
}

describe.each(["SQLITE_FULL", "SQLITE_BUSY"])("while the store says %s", (code) => {
  test("the scheduler goes on trying at a measured pace, and places what waits once the store is well", async () => {
    const { fleet, sick } = await sickFleet();
    const host = await fleet.host("mac-1");
    await fleet.clock.pass(31_000);
    const id = await fleet.create();
    sick.with(code);
    const before = sick.tries();
    // A heartbeat writes nothing, and makes room: the host is connected again.
    for (let beat = 0; beat < 6; beat += 1) {
      await host.heartbeat();
      await fleet.clock.pass(5000);
    }
    expect(fleet.state(id)).toBe("queued");
    expect(sick.tries() - before).toBeLessThan(200);
    sick.cure();
    await fleet.clock.pass(2000);
    expect(fleet.state(id)).toBe("assigned");
    expect(fleet.errors).toEqual([]);
    fleet.close();
  });

  test("deadlines that pass are put off for a lease when it is well, and then fired", async () => {
    const { fleet, sick } = await sickFleet();
    const id = await fleet.create({ queueTimeoutSeconds: 60 });
    sick.with(code);
    const before = sick.tries();
    await fleet.clock.pass(300_000);
    expect(fleet.state(id)).toBe("queued");
    expect(sick.tries() - before).toBeLessThan(1500);
    expect(fleet.errors).toEqual([]);
    sick.cure();
    await fleet.clock.pass(29_000);
    expect(fleet.state(id)).toBe("queued");
    await fleet.clock.pass(3000);
    expect(fleet.useCases.getVm(id)).toMatchObject({ state: "failed", end: { reason: "queue_timeout" } });
    fleet.close();
  });

  test("a caller is told, nothing is changed, and the same call is taken afterwards", async () => {
    const { fleet, sick } = await sickFleet();
    const id = await fleet.create({ name: "kept" });
    sick.with(code);
    const refused = fleet.useCases.endVm(CI, id, {}).catch((error: unknown) => error);
    await settle();
    await fleet.clock.pass(10_000);
    expect(await refused).toMatchObject({ code: code === "SQLITE_FULL" ? "storage_full" : "storage_busy" });
    expect(fleet.state(id)).toBe("queued");
    sick.cure();
    await fleet.useCases.endVm(CI, id, {});
    expect(fleet.state(id)).toBe("deleted");
    fleet.close();
  });
});

test("a host that falls silent is written down later, and is given up after another grace when it does not come", async () => {
  const { fleet, sick } = await sickFleet({ config: { assignedTimeoutSeconds: 600 } });
  const [gone, back] = [await fleet.host("gone"), await fleet.host("back")];
  const ids = [await fleet.create(), await fleet.create(), await fleet.create(), await fleet.create()];
  sick.with("SQLITE_FULL");
  await fleet.clock.pass(95_000);
  // A heartbeat writes nothing: the host counts as connected again.
  await back.heartbeat();
  sick.cure();
  await fleet.clock.pass(50_000);
  expect(ids.map(fleet.state)).not.toContain("queued");
  await fleet.clock.pass(10_000);
  const onBack = (await back.assignments()).assignments;
  expect(onBack.map(({ want }) => want)).toEqual(["running", "running"]);
  const attempts = ids.map((id) => fleet.useCases.getVm(id));
  expect(attempts.filter(({ state }) => state === "queued")).toHaveLength(2);
  expect(fleet.useCases.getHost("gone").unreachableSince).not.toBeNull();
  expect(gone.epoch).toBe(1);
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("a broken database is fatal once, for whoever met it", async () => {
  const database = openMemoryDatabase();
  const sick = sicken(database);
  const fleet = await startFleet({ database });
  await fleet.create({ queueTimeoutSeconds: 60 });
  sick.with("SQLITE_IOERR_FSYNC");
  await fleet.clock.pass(61_000);
  expect(fleet.errors.length).toBeGreaterThan(0);
  for (const error of fleet.errors) expect(error).toMatchObject({ name: "DatabaseUnusableError" });
  fleet.close();
});

test("the disk's state is told once for each change, and the reserve is taken again when there is room", async () => {
  const clock = virtualClock();
  let freeBytes = 50;
  let isWhole = true;
  const reserve: Reserve = {
    ...NO_RESERVE,
    isWhole: () => isWhole,
    refill: () => {
      isWhole ||= freeBytes > 5;
    },
    space: () => ({ freeBytes, totalBytes: 100 }),
  };
  const said: string[] = [];
  const note = (_facts: object, message: string) => said.push(message);
  const watch = watchStorage(reserve, clock, { warn: note, info: note });
  await clock.pass(5000);
  freeBytes = 9;
  await clock.pass(5000);
  expect(watch.health()).toMatchObject({ isLow: true, isFull: false });
  [freeBytes, isWhole] = [0, false];
  await clock.pass(5000);
  expect(watch.health()).toMatchObject({ isFull: true });
  freeBytes = 50;
  await clock.pass(5000);
  expect(watch.health()).toMatchObject({ isLow: false, isFull: false });
  expect(said).toEqual([
    "less than a tenth of the database's disk is free",
    "the disk of the database is full: no new VM is accepted until there is room",
    "the disk of the database has room again",
  ]);
  watch.stop();
});
