import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileJournal } from "../../src/journal/file-journal.ts";
import { newInstance } from "../../src/reconcile/instance.ts";
import { assignment, nameOf } from "../support/assignments.ts";

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };
const VM = assignment(1);
const { entry } = newInstance(nameOf(VM), VM, "macos");

let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "tartfleet-journal-")), "journal");
});

afterEach(async () => {
  await rm(join(folder, ".."), { recursive: true, force: true });
});

test("entries are kept, replaced and removed", async () => {
  const journal = fileJournal(folder, QUIET);
  expect(await journal.load()).toEqual(new Map());
  await journal.save(nameOf(VM), entry);
  const started = { ...entry, stage: "started" as const, run: { pid: 7, startedAt: "x" }, bootedAt: 5 };
  await journal.save(nameOf(VM), started);
  expect(await fileJournal(folder, QUIET).load()).toEqual(new Map([[nameOf(VM), started]]));
  expect((await stat(join(folder, `${nameOf(VM)}.json`))).mode & 0o777).toBe(0o600);
  await journal.remove(nameOf(VM));
  await journal.remove(nameOf(VM));
  expect(await readdir(folder)).toEqual([]);
});

test("what cannot be understood is set aside; drafts and strangers are left alone", async () => {
  const journal = fileJournal(folder, QUIET);
  await journal.load();
  await writeFile(join(folder, `${nameOf(VM)}.json`), '{"vmId": "half');
  await writeFile(join(folder, `${nameOf(assignment(2))}.json.new`), "");
  await writeFile(join(folder, "notes.json"), "{}");
  expect(await journal.load()).toEqual(new Map());
  expect((await readdir(folder)).sort()).toEqual([
    "notes.json",
    `${nameOf(VM)}.json.unreadable`,
    `${nameOf(assignment(2))}.json.new`,
  ]);
});
