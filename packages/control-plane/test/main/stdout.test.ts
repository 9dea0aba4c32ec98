import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { call, until } from "../helpers/plane.ts";
import { freePort, MAIN, tempFolder } from "../helpers/program.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A program whose stdout nobody reads until the test does. */
function start(args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args]);
  child.stdout.setEncoding("utf8");
  children.push(child);
  return child;
}

describe("a log that nobody reads", () => {
  it("does not keep the control plane from answering, nor from stopping", async () => {
    const folder = tempFolder();
    const child = start(["--listen", "127.0.0.1:0", "--data-dir", folder.path]);
    const [first] = await once(child.stdout, "data");
    child.stdout.pause();
    const { url } = JSON.parse(String(first).split("\n")[0] ?? "");
    const token = readFileSync(join(folder.path, "admin-token"), "utf8").trim();
    // Each leaves a line of some 300 bytes: more than a pipe and our own buffer for it hold.
    const path = `/${"x".repeat(250)}`;
    for (let round = 0; round < 12; round += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => call(url, "GET", path, { token })));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    }
    expect((await call(url, "GET", "/v1/hosts", { token })).status).toBe(200);
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    folder.remove();
  });

  it("does not end the control plane when its disk is full", async () => {
    const folder = tempFolder();
    const full = openSync("/dev/full", "w");
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const args = [MAIN, "--listen", address, "--data-dir", folder.path];
    const child = spawn(process.execPath, args, { stdio: ["ignore", full, "inherit"] });
    closeSync(full);
    children.push(child);
    const answer = () => call(`http://${address}`, "GET", "/readyz").catch(() => undefined);
    await until(async () => (await answer())?.status === 200);
    for (let n = 0; n < 20; n += 1) expect((await answer())?.status).toBe(200);
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    folder.remove();
  });
});
