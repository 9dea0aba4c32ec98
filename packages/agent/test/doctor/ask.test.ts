import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "../../src/doctor/ask.ts";
import { isRunning } from "../support/is-running.ts";
import { until } from "../support/until.ts";

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), "tartfleet-ask-"))));
afterAll(() => rm(dir, { recursive: true, force: true }));

const env = { PATH: "/usr/bin:/bin" };
const never = new AbortController().signal;

function sh(script: string, { timeoutMs = 100_000, signal = never } = {}) {
  return ask("/bin/sh", ["-c", script], { env, timeoutMs, signal });
}

test("an answer is its exit code and what it said", async () => {
  expect(await sh("echo out; echo err >&2; exit 3")).toEqual({
    kind: "exited",
    code: 3,
    stdout: "out",
    stderr: "err",
  });
});

test("a program that is not there is missing; one that cannot be run was not run to its end", async () => {
  const options = { env, timeoutMs: 100_000, signal: never };
  expect(await ask("no-such-program", [], options)).toEqual({ kind: "missing" });
  await writeFile(join(dir, "plain"), "no program");
  expect(await ask(join(dir, "plain"), [], options)).toMatchObject({ kind: "exited", code: null });
});

test("one that is killed has no exit code, and what it said is kept", async () => {
  const said = await sh("echo 'Library not loaded' >&2; kill -ABRT $$");
  expect(said).toMatchObject({ kind: "exited", code: null, stderr: "Library not loaded" });
});

test("one that hangs is killed in its time, though it would not hear of it", async () => {
  const pidFile = join(dir, "hangs");
  const said = await sh(`trap '' TERM INT HUP; echo $$ > ${pidFile}; while :; do /bin/sleep 0.05; done`, {
    timeoutMs: 500,
  });
  expect(said).toEqual({ kind: "silent" });
  await until("it is gone", async () => !(await isRunning(pidFile)));
});

test("what it leaves behind with its output in hand holds nothing up", async () => {
  const pidFile = join(dir, "left");
  const said = await sh(`/bin/sleep 1000 & echo $! > ${pidFile}; echo done`);
  expect(said).toMatchObject({ kind: "exited", code: 0, stdout: "done" });
  process.kill(Number(await readFile(pidFile, "utf8")), "SIGKILL");
});

test("one that babbles is cut off", async () => {
  expect(await sh("exec yes rubbish")).toMatchObject({ kind: "exited", code: null });
});

test("nobody is asked any more when it is no longer wanted", async () => {
  const stop = new AbortController();
  const pidFile = join(dir, "unwanted");
  const said = sh(`echo $$ > ${pidFile}; exec /bin/sleep 1000`, { signal: stop.signal });
  await until("it runs", async () => {
    return (await readFile(pidFile, "utf8").catch(() => "")).trim() !== "";
  });
  stop.abort();
  expect(await said).toEqual({ kind: "silent" });
  await until("it is gone", async () => !(await isRunning(pidFile)));
  expect(await sh("echo out", { signal: stop.signal })).toEqual({ kind: "silent" });
});
