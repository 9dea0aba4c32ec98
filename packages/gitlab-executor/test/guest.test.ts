import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";

const GUEST = readFileSync(new URL("../guest/run.sh", import.meta.url), "utf8");

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "gitlab-guest-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** The script as the executor has it run in a guest. */
function bash(args: readonly string[], stdin = "") {
  const child = spawn("/bin/bash", ["-c", GUEST, "tartfleet", ...args], {
    env: { HOME: home, PATH: process.env["PATH"] ?? "" },
  });
  child.stdin.on("error", () => {}).end(stdin);
  const done = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]).then(
    ([stdout, stderr, [code]]) => ({ stdout, stderr, code: code as unknown }),
  );
  return { child, done };
}

const run = (script: string, offset = 0, size = Buffer.byteLength(script)) =>
  bash(["run", "one", String(size), String(offset)], script);

/** Waits until the script has made that file. */
const HOLD = "until [ -e ~/go-on ]; do sleep 0.05; done";

test("a script runs once, in a home, with an empty stdin; its output and code are told from any point on", async () => {
  const script = "echo run >>~/runs; cat; echo out; echo aside >&2; exit 3";
  expect(await run(script).done).toEqual({ stdout: "out\naside\n", stderr: "here\nexit 3\n", code: 0 });
  expect(await run(script, 4).done).toEqual({ stdout: "aside\n", stderr: "here\nexit 3\n", code: 0 });
  expect(readFileSync(join(home, "runs"), "utf8")).toBe("run\n");
});

test("it outlives the connection, and the next one hears the rest", async () => {
  const script = `echo run >>~/runs; echo begun; ${HOLD}; echo done`;
  const { child, done } = run(script);
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await done;
  const again = run(script, "begun\n".length);
  writeFileSync(join(home, "go-on"), "");
  expect(await again.done).toEqual({ stdout: "done\n", stderr: "here\nexit 0\n", code: 0 });
  expect(readFileSync(join(home, "runs"), "utf8")).toBe("run\n");
});

test("of a script that came in part nothing is run, and the whole one runs after it", async () => {
  expect(await run("touch ~/r", 0, 100).done).toMatchObject({ stdout: "", stderr: "cut\n" });
  expect(existsSync(join(home, "r"))).toBe(false);
  expect(await run("touch ~/ran").done).toMatchObject({ stderr: "here\nexit 0\n" });
  expect(existsSync(join(home, "ran"))).toBe(true);
});

test("stop ends it with all that it started", async () => {
  const { child, done } = run("sleep 300 & echo $!; wait");
  const [started] = (await once(child.stdout, "data")) as [Buffer];
  expect((await bash(["stop", "one"]).done).code).toBe(0);
  expect((await done).stderr).toMatch(/^here\n(lost|exit 143)\n$/);
  expect(() => process.kill(Number(started), 0)).toThrow("ESRCH");
});

test("a script whose processes are gone without a word is lost", async () => {
  const { done } = run('kill -KILL -- "-$(ps -o pgid= -p $$ | tr -d " ")"');
  // When bash tells of a job that was killed, it does so whenever it comes to it.
  const { stderr } = await done;
  expect(stderr.split("\n").filter((line) => !line.includes("Killed"))).toEqual(["here", "lost", ""]);
});
