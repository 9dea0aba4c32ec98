import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { takeInventory } from "../../src/store/inventory.ts";
import { makeStore } from "../../src/store/store.ts";
import { seedEnded } from "../support/million.ts";
import { ACT, queuedVm } from "../support/vms.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tartfleet-damage-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const file = () => join(dir, "tartfleet.sqlite");
const PAGE = 4096;

function seeded(): void {
  const database = openDatabase(dir);
  seedEnded(database, 500, 1_700_000_000_000);
  database.close();
}

test("a page that was overwritten is found at the start, and by db check; both say what to do", () => {
  seeded();
  const garbage = Buffer.alloc(PAGE, 0xa5);
  const page = Math.floor(statSync(file()).size / PAGE / 2);
  const handle = openSync(file(), "r+");
  writeSync(handle, garbage, 0, PAGE, page * PAGE);
  closeSync(handle);
  expect(() => openDatabase(dir)).toThrow(
    /tartfleet\.sqlite cannot be relied on: .*db check.*db restore FILE/,
  );
  expect(takeInventory(file()).damage).not.toEqual([]);
});

test("a file that was cut short, or is none of ours, is refused", () => {
  seeded();
  truncateSync(file(), Math.floor(statSync(file()).size / 2));
  expect(() => openDatabase(dir)).toThrow(/tartfleet\.sqlite cannot be relied on/);
  writeFileSync(file(), "no database at all, but long enough to be looked at ".repeat(99));
  expect(() => openDatabase(dir)).toThrow(/file is not a database/);
  expect(takeInventory(file())).toEqual({ damage: ["file is not a database"], contents: undefined });
});

test("a log that was cut anywhere opens at a step that was whole, and at none that came after the cut", async () => {
  const database = openDatabase(dir);
  const store = makeStore(database);
  const ids = Array.from({ length: 30 }, (_, index) => `vm${String(index).padStart(14, "0")}`);
  for (const id of ids) {
    const vm = queuedVm({ id, name: id });
    await store.acceptVm(
      { vm, createdBy: "ci", idempotencyKey: null, bodyHash: "", mostQueued: 100_000, secrets: null },
      ACT,
      0,
    );
  }
  const copies = mkdtempSync(join(tmpdir(), "tartfleet-cut-"));
  const { size } = statSync(`${file()}-wal`);
  let fewest = ids.length;
  for (const part of [0.95, 0.8, 0.6, 0.5]) {
    copyFileSync(file(), join(copies, "tartfleet.sqlite"));
    copyFileSync(`${file()}-wal`, join(copies, "tartfleet.sqlite-wal"));
    truncateSync(join(copies, "tartfleet.sqlite-wal"), Math.floor(size * part));
    rmSync(join(copies, "tartfleet.sqlite-shm"), { force: true });
    const cut = openDatabase(copies);
    const kept = cut.db.all<{ id: string }>("select id from vms order by seq").map(({ id }) => id);
    expect(kept).toEqual(ids.slice(0, kept.length));
    expect(kept.length).toBeLessThanOrEqual(fewest);
    expect(cut.db.all("select id from vms where id not in (select vm_id from events)")).toEqual([]);
    expect(cut.db.all("pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
    // Revisions may have been lost: agents must take the set anew.
    expect(cut.logId).not.toBe(database.logId);
    fewest = kept.length;
    cut.close();
  }
  expect(fewest).toBeLessThan(ids.length);
  rmSync(copies, { recursive: true });
  database.close();
});

test("after a clean stop the log keeps its id", () => {
  const first = openDatabase(dir);
  first.close();
  const second = openDatabase(dir);
  expect(second.logId).toBe(first.logId);
  second.close();
});
