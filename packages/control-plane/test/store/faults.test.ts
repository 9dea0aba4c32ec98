import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import SqliteDatabase from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase, openMemoryDatabase, type Database } from "../../src/store/database.ts";
import { NO_RESERVE, openReserve } from "../../src/store/reserve.ts";
import { makeStore } from "../../src/store/store.ts";
import { sicken } from "../support/sick.ts";
import { ACT, BUDGETS, queuedVm } from "../support/vms.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tartfleet-faults-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A store whose pauses pass when the test says so. */
function storeOn(database: Database) {
  const pauses: (() => void)[] = [];
  const broken: Error[] = [];
  const store = makeStore(database, {
    after: (_milliseconds, call) => pauses.push(call),
    onBroken: (error) => broken.push(error),
  });
  return { store, pauses, broken, accept: (id: string) => accept(store, id) };
}

function accept(store: ReturnType<typeof makeStore>, id: string, label = "") {
  const vm = queuedVm({ id, name: id });
  vm.spec = { ...vm.spec, labels: { label } };
  return store.acceptVm(
    { vm, createdBy: "ci", idempotencyKey: null, bodyHash: "", secrets: null, mostQueued: 100 },
    ACT,
    0,
  );
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("another process holds the lock", () => {
  test("steps wait without holding up the event loop, and are told of in the order of asking", async () => {
    const database = openDatabase(dir);
    const { store, pauses, accept } = storeOn(database);
    const other = new SqliteDatabase(join(dir, "tartfleet.sqlite"));
    other.exec("begin immediate");
    const told: string[] = [];
    const first = accept("first").then(() => told.push("first"));
    await turn();
    expect(pauses).toHaveLength(1);
    const second = accept("second").then(() => told.push("second"));
    await turn();
    // What came meanwhile waits behind it: nothing else is tried.
    expect(pauses).toHaveLength(1);
    expect(store.vm("first")).toBeUndefined();
    other.exec("rollback");
    pauses.shift()?.();
    await Promise.all([first, second]);
    expect(told).toEqual(["first", "second"]);
    other.close();
    database.close();
  });

  test("a lock that is never let go is storage_busy, and what comes after it is taken", async () => {
    const database = openMemoryDatabase();
    const sick = sicken(database);
    const { store, pauses, accept } = storeOn(database);
    sick.with("SQLITE_BUSY");
    const refused = accept("first").catch((error: unknown) => error);
    await turn();
    let turns = 0;
    for (let next = pauses.shift(); next; next = pauses.shift()) {
      turns += 1;
      next();
    }
    expect(await refused).toMatchObject({ code: "storage_busy" });
    expect(turns).toBeGreaterThan(10);
    expect(turns).toBeLessThan(50);
    sick.cure();
    await accept("second");
    expect(store.vm("first")).toBeUndefined();
    expect(store.vm("second")).toBeDefined();
  });
});

describe("no room on the disk", () => {
  const cap = (database: Database, pages: number) => database.db.$client.pragma(`max_page_count = ${pages}`);

  test("a group that does not fit is storage_full as a whole, leaves nothing, and reads go on", async () => {
    const database = openDatabase(dir);
    const { store, broken, accept: acceptOne } = storeOn({ ...database, reserve: NO_RESERVE });
    await acceptOne("before");
    cap(database, Number(database.db.$client.pragma("page_count", { simple: true })));
    const large = "x".repeat(200_000);
    const answers = await Promise.allSettled([
      accept(store, "small"),
      accept(store, "large", large),
      accept(store, "small-2"),
    ]);
    for (const answer of answers)
      expect(answer).toMatchObject({ status: "rejected", reason: { code: "storage_full" } });
    expect(database.db.$client.inTransaction).toBe(false);
    expect(database.db.all("select id from vms")).toEqual([{ id: "before" }]);
    expect(store.vm("before")).toBeDefined();
    cap(database, 1_000_000);
    await accept(store, "large", large);
    expect(database.db.all("pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
    expect(broken).toEqual([]);
    database.close();
  });

  test("the reserve is given up for what is under way; new VMs are refused until it is whole again", async () => {
    const database = openDatabase(dir);
    const sick = sicken(database);
    const { store, accept } = storeOn({
      ...database,
      reserve: {
        ...database.reserve,
        release() {
          sick.cure();
          return database.reserve.release();
        },
      },
    });
    await accept("there");
    sick.with("SQLITE_FULL");
    const end = { kind: "end_requested", by: "a client" } as const;
    expect(await store.applyEvent("there", end, { now: 1, budgets: BUDGETS })).toMatchObject({
      outcome: "applied",
    });
    expect(store.vm("there")?.state).toBe("deleted");
    expect(database.reserve.isWhole()).toBe(false);
    await expect(accept("new")).rejects.toMatchObject({ code: "storage_full" });
    database.reserve.refill();
    expect(database.reserve.isWhole()).toBe(true);
    await accept("new");
    database.close();
  });

  test("what was acknowledged is answered again under its key though nothing new is accepted", async () => {
    const database = openDatabase(dir);
    const { store } = storeOn(database);
    const vm = queuedVm({ id: "kept", name: "kept" });
    const asked = {
      vm,
      createdBy: "ci",
      idempotencyKey: "key",
      bodyHash: "h",
      secrets: null,
      mostQueued: 100,
    };
    await store.acceptVm(asked, ACT, 0);
    database.reserve.release();
    const again = await store.acceptVm({ ...asked, vm: queuedVm({ id: "other", name: "other" }) }, ACT, 0);
    expect(again).toMatchObject({ vm: { id: "kept" }, event: null });
    database.close();
  });

  test("a reserve takes real room and gives it back", () => {
    const reserve = openReserve(dir);
    expect(reserve.isWhole()).toBe(true);
    expect(reserve.space().freeBytes).toBeLessThan(reserve.space().totalBytes);
    expect(reserve.release()).toBe(true);
    expect(reserve.release()).toBe(false);
    expect(reserve.isWhole()).toBe(false);
    reserve.refill();
    expect(reserve.isWhole()).toBe(true);
  });
});

describe("a disk that cannot be relied on", () => {
  test.each([
    "SQLITE_IOERR_FSYNC",
    "SQLITE_IOERR_WRITE",
    "SQLITE_CORRUPT",
    "SQLITE_NOTADB",
    "SQLITE_READONLY",
  ])("%s at a commit stops the store at once; nothing is ever tried again", async (code) => {
    const database = openMemoryDatabase();
    const sick = sicken(database);
    const { broken, accept } = storeOn(database);
    await accept("before");
    sick.with(code);
    const tried = sick.tries();
    const refused = accept("lost").catch((error: unknown) => error);
    expect(await refused).toBeInstanceOf(Error);
    expect(broken).toHaveLength(1);
    expect(broken[0]).toMatchObject({ name: "DatabaseUnusableError" });
    expect(broken[0]?.message).toContain(code);
    expect(broken[0]?.message).toContain("tartfleet-control-plane db check");
    sick.cure();
    await expect(accept("later")).rejects.toThrow(/cannot be relied on/);
    expect(sick.tries()).toBe(tried + 1);
  });

  test("an error of a checkpoint, which SQLite itself would swallow, stops it as well", async () => {
    const database = openDatabase(dir);
    const { store, broken } = storeOn(database);
    const client = database.db.$client;
    const prepare = client.prepare.bind(client);
    client.prepare = (source: string) => {
      if (source.includes("passive"))
        throw new SqliteDatabase.SqliteError("disk I/O error", "SQLITE_IOERR_FSYNC");
      return prepare(source);
    };
    await accept(store, "large", "x".repeat(5_000_000));
    for (let n = 0; broken.length === 0; n += 1) await accept(store, `small ${n}`);
    expect(broken).toHaveLength(1);
    await expect(accept(store, "later")).rejects.toThrow(/SQLITE_IOERR_FSYNC/);
    database.close();
  });

  test("a corrupt page that a read meets stops it as well", () => {
    const database = openMemoryDatabase();
    const { store, broken } = storeOn(database);
    const client = database.db.$client;
    client.unsafeMode(true);
    client.pragma("writable_schema = ON");
    client.exec("update sqlite_schema set rootpage = 999 where name = 'vms'");
    client.pragma("writable_schema = RESET");
    expect(() => store.countQueued()).toThrow();
    expect(broken[0]?.message).toMatch(/SQLITE_CORRUPT/);
  });

  test("a constraint or a bug in one step is that step's own failure", async () => {
    const database = openMemoryDatabase();
    const { broken, accept } = storeOn(database);
    const answers = await Promise.allSettled([accept("one"), accept("one"), accept("two")]);
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(broken).toEqual([]);
  });
});
