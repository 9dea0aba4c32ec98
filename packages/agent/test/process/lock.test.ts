import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeLock, type Lock } from "../../src/process/lock.ts";

let folder: string;
const held: Lock[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tartfleet-lock-"));
});

afterEach(async () => {
  for (const lock of held.splice(0)) await lock.release();
  await rm(folder, { recursive: true, force: true });
});

async function take(path = folder): Promise<string> {
  const lock = await takeLock(path);
  if ("heldBy" in lock) return lock.heldBy;
  held.push(lock);
  return "mine";
}

test("one holder; the next is told who; released, it is free and nothing is left", async () => {
  expect(await take()).toBe("mine");
  expect(await take()).toBe(String(process.pid));
  await held.pop()?.release();
  expect(await readdir(folder)).toEqual([]);
  expect(await take()).toBe("mine");
});

test("of many at the same moment one gets it", async () => {
  const taken = await Promise.all(Array.from({ length: 8 }, () => take()));
  expect(taken.filter((who) => who === "mine")).toHaveLength(1);
});

test("what a dead holder left is no hindrance", async () => {
  const server = createServer().listen(join(folder, "other.sock"));
  await once(server, "listening");
  // A file on which nobody listens looks like a dead holder's socket.
  await writeFile(join(folder, "agent.sock"), "");
  expect(await take()).toBe("mine");
  server.close();
});

test("a folder whose path is too long for a socket", async () => {
  const deep = join(folder, "d".repeat(100));
  await mkdir(deep);
  expect(await take(deep)).toBe("mine");
  expect(await take(deep)).toBe(String(process.pid));
});
