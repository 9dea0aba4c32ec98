import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import SqliteDatabase from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runDb } from "../../src/db/main.ts";
import { readOrMakeKey } from "../../src/engine/secrets-key.ts";
import { makeSealer } from "../../src/engine/secrets.ts";
import { openDatabase } from "../../src/store/database.ts";
import { makeStore } from "../../src/store/store.ts";
import { ACT, queuedVm } from "../support/vms.ts";

let dir: string;
let data: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tartfleet-db-"));
  data = join(dir, "data");
});
afterEach(() => rmSync(dir, { recursive: true }));

async function db(...argv: string[]) {
  const result = await runDb(argv, { TARTFLEET_DATA_DIR: data }, "1").catch((error: Error) => error);
  if (result instanceof Error) return { code: 78, said: result.message };
  if (result.kind === "mistakes") return { code: 78, said: result.mistakes.join("\n") };
  return { code: result.kind === "done" && !result.isWhole ? 1 : 0, said: result.text };
}

/** A database with a VM whose credentials are sealed, as a control plane has it open. */
async function running() {
  const database = openDatabase(data);
  const sealer = makeSealer(readOrMakeKey({ dataDir: data }));
  const vm = queuedVm();
  await makeStore(database).acceptVm(
    {
      vm,
      createdBy: "ci",
      idempotencyKey: null,
      bodyHash: "",
      mostQueued: 100_000,
      secrets: sealer.seal({ env: {} }, vm.id),
    },
    ACT,
    0,
  );
  return database;
}

describe("while a control plane runs", () => {
  it("check and backup work, restore is refused", async () => {
    const database = await running();
    const backup = join(dir, "backup.sqlite");
    expect(await db("backup", backup)).toMatchObject({
      code: 0,
      said: expect.stringContaining("secrets.key is not in it"),
    });
    const checked = await db("check");
    expect(checked).toMatchObject({
      code: 0,
      said: expect.stringMatching(/1 live VMs.*1 sealed credentials\n2 rows of audit log; .*\nwhole\n$/),
    });
    expect(await db("restore", backup)).toMatchObject({
      code: 78,
      said: expect.stringContaining("Another control plane uses"),
    });
    database.close();
  });

  it("a backup into the data directory, or into a folder that is not there, is refused", async () => {
    const database = await running();
    const inside = await db("backup", join(data, "copy"));
    expect(inside).toMatchObject({ code: 78, said: expect.stringContaining("is in the data directory") });
    expect(existsSync(join(data, "copy"))).toBe(false);
    const nowhere = await db("backup", join(dir, "not", "there"));
    expect(nowhere).toMatchObject({ code: 78, said: expect.stringContaining("There is no folder") });
    database.close();
  });
});

it("a restore says what it replaced, which VMs it ended and what is missing", async () => {
  (await running()).close();
  const backup = join(dir, "backup.sqlite");
  await db("backup", backup);
  rmSync(join(data, "secrets.key"));
  const restored = await db("restore", backup);
  expect(restored.code).toBe(0);
  expect(restored.said).toContain("1 VMs that waited in the backup were ended");
  const replaced = readdirSync(data).find((name) => name.includes(".replaced-"));
  expect(restored.said).toContain(`What was there is ${join(data, replaced ?? "?")}`);
  expect(await db("check")).toMatchObject({ code: 0, said: expect.stringContaining("0 live VMs, 1 ended") });
});

it("a restore onto an empty directory is how a lost machine is replaced", async () => {
  (await running()).close();
  const backup = join(dir, "backup.sqlite");
  await db("backup", backup);
  rmSync(data, { recursive: true });
  expect(await db("restore", backup)).toMatchObject({ code: 0 });
  openDatabase(data).close();
});

it("a check says when secrets.key is lost, or another one than what is sealed was sealed with", async () => {
  (await running()).close();
  writeFileSync(join(data, "secrets.key"), Buffer.alloc(32, 1));
  expect(await db("check")).toMatchObject({
    code: 1,
    said: expect.stringContaining("another one than 1 VMs"),
  });
  rmSync(join(data, "secrets.key"));
  expect(await db("check")).toMatchObject({ code: 1, said: expect.stringContaining("is missing") });
});

it("a check finds an audit log that was tampered with", async () => {
  const database = await running();
  database.close();
  expect(await db("check")).toMatchObject({
    code: 0,
    said: expect.stringMatching(/2 rows of audit log; anchor 2:[0-9a-f]{64}/),
  });
  const raw = new SqliteDatabase(join(data, "tartfleet.sqlite"));
  raw.exec("drop trigger audit_keeps; update audit set actor = 'nobody' where seq = 2");
  raw.close();
  const said = expect.stringContaining("the audit log is not whole: row 2 was changed");
  expect(await db("check")).toMatchObject({ code: 1, said });
});

it("every command says how it is called", async () => {
  expect(await db()).toMatchObject({ code: 78, said: expect.stringContaining("check, backup and restore") });
  expect(await db("--help")).toMatchObject({ code: 0, said: expect.stringContaining("db restore") });
  expect(await db("restore", "--help")).toMatchObject({ code: 0, said: expect.stringContaining("FILE") });
  expect(await db("backup")).toMatchObject({ code: 78, said: expect.stringContaining("FILE: is missing") });
  const surplus = await db("backup", "a", "b", "--what");
  expect(surplus).toMatchObject({
    code: 78,
    said: expect.stringMatching(/^b: there is no.*\n--what: there/),
  });
  expect(await db("check")).toMatchObject({ code: 78, said: expect.stringContaining("cannot be opened") });
});
