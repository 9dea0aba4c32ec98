import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lock, lockHolder, tryLock } from "../src/host/lock-file.ts";
import { identify, isAlive, self } from "../src/host/process-identity.ts";

const lockFile = new URL("../src/host/lock-file.ts", import.meta.url).href;

let dir = "";
let path = "";
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tart-locks-"));
  path = join(dir, "a.lock");
});

afterEach(async () => {
  for (const child of children.splice(0)) await killed(child);
  rmSync(dir, { recursive: true, force: true });
});

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** A process that runs the code with `lock` and `path` at hand; resolves at its first output. */
async function program(code: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { lock, tryLock } from ${JSON.stringify(lockFile)}; const path = ${JSON.stringify(path)}; ${code}`,
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  children.push(child);
  if (child.stdout !== null) await once(child.stdout, "data");
  return child;
}

const holding = "await lock(path); console.log('held'); setInterval(() => {}, 1000);";

test("a lock is taken once and can be taken again when it was released", () => {
  const held = tryLock(path);
  expect(lockHolder(path)?.pid).toBe(process.pid);
  expect(tryLock(path)).toBeUndefined();
  held?.release();
  expect(lockHolder(path)).toBeUndefined();
  expect(tryLock(path)).toBeDefined();
});

test("another process's lock blocks until that process is killed", async () => {
  const child = await program(holding);
  expect(lockHolder(path)?.pid).toBe(child.pid);
  let waited = false;
  let got = false;
  const mine = lock(path, { onWait: () => (waited = true) }).then((held) => {
    got = true;
    return held;
  });
  expect(tryLock(path)).toBeUndefined();
  expect([waited, got]).toEqual([true, false]);
  await killed(child);
  (await mine).release();
  expect(readdirSync(dir)).toEqual([]);
});

test("a waiter can be called off", async () => {
  tryLock(path);
  const off = new AbortController();
  const waiting = lock(path, { signal: off.signal });
  off.abort();
  await expect(waiting).rejects.toThrow();
});

test("a pid that was given to another process holds nothing", () => {
  writeFileSync(path, JSON.stringify({ pid: process.pid, startTime: "long ago", nonce: "x" }));
  expect(lockHolder(path)).toBeUndefined();
  expect(tryLock(path)).toBeDefined();
});

test("one process at a time is inside, even when holders are killed", async () => {
  const counter = join(dir, "counter");
  writeFileSync(counter, "0");
  const rounds = 20;
  // Each adds one under the lock; a lost update would show in the sum. The last of each dies holding it.
  const body = `
    import { readFileSync, writeFileSync } from "node:fs";
    console.log("begun");
    for (let round = 0; round < ${rounds}; round++) {
      const held = await lock(path);
      const count = Number(readFileSync(${JSON.stringify(counter)}, "utf8"));
      await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(${JSON.stringify(counter)}, String(count + 1));
      if (round === ${rounds} - 1) process.kill(process.pid, "SIGKILL");
      held.release();
    }`;
  const workers = await Promise.all([program(body), program(body), program(body)]);
  for (const worker of workers) if (worker.signalCode === null) await once(worker, "exit");
  expect(Number(readFileSync(counter, "utf8"))).toBe(workers.length * rounds);
});

test("a process is itself and no longer alive when it is gone", async () => {
  expect(isAlive(self())).toBe(true);
  const child = await program("console.log(1); setInterval(() => {}, 1000);");
  const identity = identify(child.pid ?? 0);
  expect(identity !== undefined && isAlive(identity)).toBe(true);
  await killed(child);
  expect(identity !== undefined && isAlive(identity)).toBe(false);
});
