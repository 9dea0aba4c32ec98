import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { backUp, restore } from "../../src/store/backup.ts";
import { openDatabase } from "../../src/store/database.ts";
import { takeInventory } from "../../src/store/inventory.ts";
import { makeStore } from "../../src/store/store.ts";
import { ACT, BUDGETS, queuedVm } from "../support/vms.ts";

let dir: string;
let data: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tartfleet-backup-"));
  data = join(dir, "data");
});
afterEach(() => rmSync(dir, { recursive: true }));

const live = () => join(data, "tartfleet.sqlite");
const copy = () => join(dir, "copy.sqlite");
const context = (now: number) => ({ now, budgets: BUDGETS });
type Store = ReturnType<typeof makeStore>;

function accept(store: Store, id: string) {
  const vm = queuedVm({ id, name: id });
  return store.acceptVm(
    { vm, createdBy: "ci", idempotencyKey: null, bodyHash: "", mostQueued: 100_000, secrets: null },
    ACT,
    0,
  );
}

function enrol(store: Store): Promise<number> {
  const credential = { id: "t", hash: "h", kind: "host", name: "host mac-1", createdAt: 0 } as const;
  return store.enrolHost({ name: "mac-1", machineId: "m", by: null, credential }, ACT, 0);
}

test("a backup is whole though VMs are accepted all the while, and has all of before it began", async () => {
  const database = openDatabase(data);
  const store = makeStore(database);
  for (let index = 0; index < 300; index += 1) await accept(store, `before-${index}`);
  const done = new AbortController();
  const writing = (async () => {
    for (let index = 0; !done.signal.aborted; index += 1) await accept(store, `meanwhile-${index}`);
  })();
  await backUp(live(), copy());
  done.abort();
  await writing;
  const found = takeInventory(copy());
  expect(found).toMatchObject({ damage: [], contents: { danglingRows: 0, logId: database.logId } });
  expect(found.contents?.counts.liveVms).toBeGreaterThanOrEqual(300);
  expect(statSync(copy()).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir).sort()).toEqual(["copy.sqlite", "data"]);
  database.close();
});

test("a backup that fails leaves the older one and nothing half made", async () => {
  openDatabase(data).close();
  await backUp(live(), copy());
  const before = statSync(copy()).mtimeMs;
  writeFileSync(live(), "no database");
  await expect(backUp(live(), copy())).rejects.toThrow(/cannot be copied/);
  expect(statSync(copy()).mtimeMs).toBe(before);
  expect(readdirSync(dir).sort()).toEqual(["copy.sqlite", "data"]);
});

test("a restore is refused while a control plane runs, and from what is no whole backup", async () => {
  const database = openDatabase(data);
  await backUp(live(), copy());
  await expect(restore(data, copy(), 1)).rejects.toThrow(/Another control plane uses the data directory/);
  database.close();
  writeFileSync(copy(), "no backup");
  const before = statSync(live()).ino;
  await expect(restore(data, copy(), 1)).rejects.toThrow(/cannot be copied/);
  expect(statSync(live()).ino).toBe(before);
  expect(readdirSync(data).filter((name) => name.includes("restoring"))).toEqual([]);
});

test("a restored database is another log, fences every session there ever was, and keeps what it replaced", async () => {
  const database = openDatabase(data);
  const store = makeStore(database);
  const hostId = await enrol(store);
  await store.openSession(hostId, "m", {}, ACT, 0);
  await backUp(live(), copy());
  const later = await store.openSession(hostId, "m", {}, ACT, 0);
  await accept(store, "lost");
  database.close();

  const done = await restore(data, copy(), Date.UTC(2026, 0, 1));
  expect(done.replaced).toMatch(/tartfleet\.sqlite\.replaced-2026-01-01T00-00-00-000Z$/);
  expect(takeInventory(done.replaced ?? "").contents?.counts.liveVms).toBe(1);
  const again = openDatabase(data);
  expect(again.logId).toBe(done.logId);
  expect(again.logId).not.toBe(database.logId);
  const restored = makeStore(again);
  expect(restored.vm("lost")).toBeUndefined();
  expect(() => restored.requireSession(hostId, later.epoch)).toThrow(/newer agent session/);
  const next = await restored.openSession(hostId, "m", {}, ACT, 0);
  expect(next.epoch).toBeGreaterThan(later.epoch);
  again.close();
});

test("no credential is used twice: what waited in the backup is ended, what was brought up gets no other attempt", async () => {
  const database = openDatabase(data);
  const store = makeStore(database);
  const hostId = await enrol(store);
  for (const id of ["waiting", "booting", "ready"]) await accept(store, id);
  await store.placeVms(
    [
      { vmId: "booting", hostId, slot: 0 },
      { vmId: "ready", hostId, slot: 1 },
    ],
    context(1),
  );
  await store.applyEvent("ready", { kind: "phase", attempt: 1, phase: "ready" }, context(2));
  await backUp(live(), copy());
  database.close();

  expect(await restore(data, copy(), 10)).toMatchObject({ ended: 1 });
  const again = openDatabase(data);
  const restored = makeStore(again);
  expect(restored.vm("waiting")).toMatchObject({ state: "deleted" });
  expect(restored.vm("waiting")?.end?.message).toMatch(/restore of a backup/);
  expect(restored.vm("ready")).toMatchObject({ state: "ready" });
  await restored.applyEvent("booting", { kind: "gone", attempt: 1 }, context(11));
  expect(restored.vm("booting")).toMatchObject({ state: "failed", attempt: 1 });
  // What is asked for after the restore is tried again as ever.
  const vm = queuedVm({ id: "after", name: "after", createdAt: 20 });
  await restored.acceptVm(
    { vm, createdBy: "ci", idempotencyKey: null, bodyHash: "", mostQueued: 100_000, secrets: null },
    ACT,
    20,
  );
  await restored.placeVms([{ vmId: "after", hostId, slot: 0 }], context(20));
  await restored.applyEvent("after", { kind: "gone", attempt: 1 }, context(21));
  expect(restored.vm("after")).toMatchObject({ state: "queued" });
  again.close();
});
