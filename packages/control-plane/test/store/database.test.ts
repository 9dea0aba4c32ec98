import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import SqliteDatabase from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { verifyAudit } from "../../src/store/audit.ts";
import { openDatabase, openMemoryDatabase } from "../../src/store/database.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tartfleet-store-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const file = () => join(dir, "tartfleet.sqlite");

test("a database keeps its log id over restarts, and every file has its own", () => {
  const first = openDatabase(dir);
  first.close();
  const again = openDatabase(dir);
  expect(again.logId).toBe(first.logId);
  again.close();
  const other = openMemoryDatabase();
  expect(other.logId).not.toBe(first.logId);
  other.close();
});

test("a second control plane on the same directory is refused, and let in when the first is gone", () => {
  const first = openDatabase(dir);
  expect(() => openDatabase(dir)).toThrow(/Another control plane uses the data directory/);
  first.close();
  openDatabase(dir).close();
});

test("a database from a newer version is refused and left as it is", () => {
  openDatabase(dir).close();
  const raw = new SqliteDatabase(file());
  raw.prepare("insert into __drizzle_migrations (hash, created_at) values ('later', 99999999999999)").run();
  raw.close();
  expect(() => openDatabase(dir)).toThrow(/written by a newer version/);
});

test("a directory that cannot be made, and a file that is no database, are said plainly", () => {
  writeFileSync(join(dir, "a-file"), "");
  expect(() => openDatabase(join(dir, "a-file", "data"))).toThrow(
    /data directory .*a-file.data cannot be made/,
  );
  writeFileSync(file(), "this is not a database, whatever its name says");
  expect(() => openDatabase(dir)).toThrow(
    /tartfleet\.sqlite cannot be relied on: file is not a database .*db restore FILE/,
  );
});

test("every table is STRICT, and no migration is older than the one before it", () => {
  const { db, close } = openMemoryDatabase();
  const loose = db.all<{ name: string }>(
    "select name from pragma_table_list where schema = 'main' and strict = 0 and name not like 'sqlite_%' and name != '__drizzle_migrations'",
  );
  expect(loose).toEqual([]);
  close();
  const journal = JSON.parse(
    readFileSync(new URL("../../src/store/migrations/meta/_journal.json", import.meta.url), "utf8"),
  ) as { entries: { when: number }[] };
  const times = journal.entries.map(({ when }) => when);
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
});

test("a third slot, and two attempts in one slot, cannot be written", () => {
  const { db, close } = openMemoryDatabase();
  db.$client.exec("insert into hosts (name, machine_id, created_at) values ('mac-1', 'm', 0)");
  db.$client.exec("insert into slots (host_id, slot) values (1, 0), (1, 1)");
  expect(() => db.$client.exec("insert into slots (host_id, slot) values (1, 2)")).toThrow(/CHECK/);
  const vm = (id: string) =>
    db.$client.exec(
      `insert into vms (id, name, state, state_since, spec, created_by, attempt, job_state, job_details, created_at)
       values ('${id}', '${id}', 'assigned', 0, '{}', 'ci', 1, 'none', '{}', 0)`,
    );
  const place = (id: string, slot: number) =>
    db.$client.exec(
      `insert into attempts (vm_id, attempt, host_id, slot, want, created_at) values ('${id}', 1, 1, ${slot}, 'running', 0)`,
    );
  for (const id of ["a", "b", "c"]) vm(id);
  place("a", 0);
  expect(() => place("b", 0)).toThrow(/UNIQUE/);
  place("b", 1);
  expect(() => place("c", 2)).toThrow(/FOREIGN KEY/);
  expect(() =>
    db.$client.exec(
      "insert into attempts (vm_id, attempt, host_id, want, created_at) values ('a', 2, 1, 'running', 0)",
    ),
  ).toThrow(/UNIQUE/);
  close();
});

test("what was acknowledged before a kill -9 is there, and nothing is half there", async () => {
  const writer = spawn(process.execPath, [new URL("../support/writer.ts", import.meta.url).pathname, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let acknowledged = "";
  const enough = Promise.withResolvers<void>();
  writer.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    acknowledged += chunk;
    if (acknowledged.length > 4000) enough.resolve();
  });
  await enough.promise;
  writer.kill("SIGKILL");
  await once(writer, "close");
  const ids = acknowledged.split("\n").slice(0, -1);
  const { db, close } = openDatabase(dir);
  expect(db.all<{ integrity_check: string }>("pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
  const stored = new Set(db.all<{ id: string }>("select id from vms").map(({ id }) => id));
  expect(ids.filter((id) => !stored.has(id))).toEqual([]);
  expect(db.all("select id from vms where id not in (select vm_id from events)")).toEqual([]);
  expect(verifyAudit(db.$client).fault).toBeUndefined();
  expect(db.all("select id from vms where 'VM ' || id not in (select subject from audit)")).toEqual([]);
  const [{ extra } = { extra: -1 }] = db.all<{ extra: number }>(
    "select (select count(*) from audit) - (select count(*) from vms) as extra",
  );
  expect(extra).toBe(1);
  close();
});

test("a database in memory can be opened from another one's contents, and is its own from then on", () => {
  const first = openMemoryDatabase();
  first.db.run("insert into meta (key, value) values ('said', 'before')");
  const second = openMemoryDatabase(first.contents());
  first.db.run("update meta set value = 'after' where key = 'said'");
  expect(second.logId).toBe(first.logId);
  expect(second.db.all("select value from meta where key = 'said'")).toEqual([{ value: "before" }]);
  first.close();
  second.close();
});

test("each statement is compiled once, however often it is asked for", () => {
  const { db, close } = openMemoryDatabase();
  const { $client } = db;
  const text = "select count(*) from vms where id = ?";
  const first = $client.prepare(text);
  expect($client.prepare(text)).toBe(first);
  // Those whose number of placeholders varies push it out in the end.
  for (let width = 1; width <= 1000; width += 1) $client.prepare(`select ${"?, ".repeat(width)}1`);
  expect($client.prepare(text)).not.toBe(first);
  close();
});
