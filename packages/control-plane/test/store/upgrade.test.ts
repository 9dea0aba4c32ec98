import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isTerminal } from "@tartfleet/shared";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { takeInventory } from "../../src/store/inventory.ts";
import { MIGRATIONS } from "../../src/store/migrate.ts";
import { until } from "../helpers/plane.ts";
import { CI, startFleet } from "../support/fleet.ts";
import { fillPrevious } from "../support/previous.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tartfleet-upgrade-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const data = () => join(dir, "data");
const file = () => join(data(), "tartfleet.sqlite");
const journalOf = (folder: string) => join(folder, "meta", "_journal.json");

/** The real migrations with a change: only the first ones, or one more at the end. */
function migrations(name: string, change: { first?: number; add?: string }): string {
  const folder = join(dir, name);
  mkdirSync(join(folder, "meta"), { recursive: true });
  const journal = JSON.parse(readFileSync(journalOf(MIGRATIONS), "utf8")) as {
    entries: { idx: number; when: number; tag: string; version: string; breakpoints: boolean }[];
  };
  journal.entries = journal.entries.slice(0, change.first);
  for (const { tag } of journal.entries) cpSync(join(MIGRATIONS, `${tag}.sql`), join(folder, `${tag}.sql`));
  const last = journal.entries.at(-1);
  if (change.add !== undefined && last) {
    journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag: "9999_added" });
    writeFileSync(join(folder, "9999_added.sql"), change.add);
  }
  writeFileSync(journalOf(folder), JSON.stringify(journal));
  return folder;
}

const rows = (database: ReturnType<typeof openDatabase>) =>
  ["vms", "attempts", "events", "tokens", "hosts", "slots"].map(
    (table) => database.db.all<{ count: number }>(`select count(*) as count from ${table}`)[0]?.count,
  );

test("a database of the first schema is upgraded with all its rows, and a copy of before is kept", () => {
  const old = openDatabase(data(), migrations("first", { first: 1 }));
  fillPrevious(old);
  const before = rows(old);
  old.close();
  const now = openDatabase(data());
  expect(rows(now)).toEqual(before);
  expect(now.logId).toBe(old.logId);
  now.close();
  const copies = readdirSync(data()).filter((name) => name.includes(".before-"));
  expect(copies).toHaveLength(1);
  const copy = takeInventory(join(data(), copies[0] ?? ""));
  expect(copy).toMatchObject({ damage: [], contents: { schema: { applied: 1 } } });

  // The next upgrade keeps its own copy alone; a start without an upgrade makes none.
  openDatabase(data(), migrations("later", { add: "alter table vms add column later integer;" })).close();
  const next = readdirSync(data()).filter((name) => name.includes(".before-"));
  expect(next).toHaveLength(1);
  expect(next).not.toEqual(copies);
});

test("VMs that waited, were brought up or worked when the schema was upgraded all come to their end", async () => {
  const old = openDatabase(data(), migrations("first", { first: 1 }));
  const { ids, hostId } = fillPrevious(old);
  old.close();
  const database = openDatabase(data());
  const fleet = await startFleet({ database });
  const host = await fleet.agentOf("mac-1", hostId, "machine-mac-1");
  expect(ids.map(fleet.state)).toEqual(["queued", "booting", "ready"]);
  await host.bringUpAll();
  await fleet.useCases.endVm(CI, ids[2] ?? "", {});
  await host.removeAll();
  await host.bringUpAll();
  for (const id of ids) await fleet.useCases.endVm(CI, id, {});
  await host.removeAll();
  expect(ids.map(fleet.state).every(isTerminal)).toBe(true);
  expect(ids.map((id) => fleet.useCases.getVm(id).attempt)).toEqual([1, 1, 1]);
  expect(fleet.useCases.capacity().slots).toMatchObject({ busy: 0, free: 2 });
  expect(fleet.errors).toEqual([]);
  fleet.close();
});

test("an upgrade that fails half-way leaves the database as it was", () => {
  const old = openDatabase(data());
  const before = rows(old);
  old.close();
  const broken = migrations("broken", {
    add: "alter table vms add column half integer;\n--> statement-breakpoint\nselect no_such_function();",
  });
  expect(() => openDatabase(data(), broken)).toThrow(/could not be upgraded .*is as it was/);
  const again = openDatabase(data());
  expect(rows(again)).toEqual(before);
  expect(again.db.all("select name from pragma_table_info('vms') where name = 'half'")).toEqual([]);
  again.close();
});

test("an upgrade that is killed half-way leaves the database as it was, and the next one does it", async () => {
  openDatabase(data()).close();
  const endless = migrations("endless", {
    add: `create table half (a integer) strict;
--> statement-breakpoint
insert into half with recursive n(i) as (select 1 union all select i + 1 from n) select i from n;`,
  });
  const opener = `import { openDatabase } from ${JSON.stringify(new URL("../../src/store/database.ts", import.meta.url).href)};
    process.stdout.write("opening"); openDatabase(${JSON.stringify(data())}, ${JSON.stringify(endless)});`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", opener], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  // It is in the middle of the upgrade once its rows spill over into the log.
  await until(() => (statSync(`${file()}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 1_000_000);
  child.kill("SIGKILL");
  await once(child, "close");
  const again = openDatabase(data(), migrations("whole", { add: "create table half (a integer) strict;" }));
  expect(again.db.all("select count(*) as count from half")).toEqual([{ count: 0 }]);
  again.close();
});
