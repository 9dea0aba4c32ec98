import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GUI, JOB, LABEL, makeBench, UID, until, type Bench } from "./support.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const launchctl = (...args: string[]) => bench.mac.launchctl(...args);
const done = { exitCode: 0, stdout: "", stderr: "" };
const state = () => bench.printed("state");

describe("a job", () => {
  it("is loaded, started, ends with a code that is kept, and is booted out", async () => {
    const path = await bench.job("echo $0 hello; exit 3");
    expect(await launchctl("bootstrap", GUI, path)).toEqual(done);
    expect(await bench.printed("last exit code")).toBe("(never exited)");
    expect(await bench.printed("runs")).toBe("0");
    const { stdout } = await launchctl("kickstart", "-p", JOB);
    expect(stdout).toMatch(/^\d+$/);
    await until(async () => (await state()) === "not running");
    expect(await bench.printed("last exit code")).toBe("3");
    expect(await bench.printed("runs")).toBe("1");
    expect(await bench.printed("pid")).toBeUndefined();
    expect(await bench.read("log")).toBe("/bin/sh hello\n");
    expect((await launchctl("print", GUI)).stdout).toMatch(new RegExp(`^\\t\\t +0 +3 \\t${LABEL}$`, "m"));
    expect(await launchctl("bootout", JOB)).toEqual(done);
    expect(await launchctl("print", JOB)).toEqual({
      exitCode: 113,
      stdout: "",
      stderr: `Bad request.\nCould not find service "${LABEL}" in domain for user gui: ${UID}`,
    });
  });

  it("that is killed shows the signal where the exit code was", async () => {
    await launchctl("bootstrap", GUI, await bench.job("exec sleep 1000", { RunAtLoad: true }));
    expect(await state()).toBe("running");
    expect(await launchctl("kill", "SIGKILL", JOB)).toEqual(done);
    await until(async () => (await state()) === "not running");
    expect(await bench.printed("last terminating signal")).toBe("Killed: 9");
    expect(await bench.printed("last exit code")).toBeUndefined();
    expect(await launchctl("kill", "TERM", JOB)).toMatchObject({
      exitCode: 3,
      stderr: "No process to signal.",
    });
  });

  it("whose program is missing ends with 78, named", async () => {
    const missing = { ProgramArguments: ["/nowhere/at/all"], RunAtLoad: true };
    await launchctl("bootstrap", GUI, await bench.job("", missing));
    await until(async () => (await state()) === "not running");
    expect(await bench.printed("last exit code")).toBe("78: EX_CONFIG");
  });

  it("has launchd's environment and its own, not its caller's", async () => {
    await launchctl("setenv", "EVERYBODYS", "1");
    const job = await bench.job("env; pwd", {
      EnvironmentVariables: { OWN: "yes", PATH: "/usr/bin:/bin" },
      WorkingDirectory: "/usr",
      RunAtLoad: true,
    });
    await launchctl("bootstrap", GUI, job);
    await until(async () => (await state()) === "not running");
    const log = await bench.read("log");
    for (const line of [
      "OWN=yes",
      "EVERYBODYS=1",
      "PATH=/usr/bin:/bin",
      `XPC_SERVICE_NAME=${LABEL}`,
      "/usr",
    ]) {
      expect(log.split("\n")).toContain(line);
    }
    expect(log).not.toMatch(/MAC_SIM_OWNER|VITEST/);
  });

  it("is one that everybody must be able to see is its owner's", async () => {
    for (const mode of [0o664, 0o646]) {
      const path = await bench.job("", {});
      await chmod(path, mode);
      expect(await launchctl("bootstrap", GUI, path)).toMatchObject({
        exitCode: 5,
        stderr: "Bootstrap failed: 5: Input/output error",
      });
    }
  });

  it("must be a property list, and say nothing that this stand-in does not do", async () => {
    const path = join(bench.dir, "bad.plist");
    await writeFile(path, "not a plist");
    expect((await launchctl("bootstrap", GUI, path)).exitCode).toBe(5);
    expect((await launchctl("bootstrap", GUI, join(bench.dir, "none.plist"))).exitCode).toBe(5);
    const { exitCode, stderr } = await launchctl("bootstrap", GUI, await bench.job("", { KeepAliv: true }));
    expect(exitCode).toBe(78);
    expect(stderr).toContain("KeepAliv");
  });

  it("is loaded once, and not while it is disabled", async () => {
    const path = await bench.job("sleep 1000");
    await launchctl("disable", JOB);
    expect((await launchctl("bootstrap", GUI, path)).exitCode).toBe(5);
    expect((await launchctl("print-disabled", GUI)).stdout).toContain(`"${LABEL}" => disabled`);
    await launchctl("enable", JOB);
    expect(await launchctl("bootstrap", GUI, path)).toEqual(done);
    expect((await launchctl("bootstrap", GUI, path)).exitCode).toBe(5);
    expect(await launchctl("bootout", GUI, path)).toEqual(done);
    expect(await launchctl("bootout", JOB)).toMatchObject({
      exitCode: 3,
      stderr: "Boot-out failed: 3: No such process",
    });
  });
});

it("a line that launchctl would not take is refused", async () => {
  await launchctl("bootstrap", GUI, await bench.job(""));
  const lines = [
    ["bootstrap", "gui"],
    ["kickstart", GUI],
    ["kill", "SIGNOTHING", JOB],
    ["frobnicate"],
    ["bootout", GUI],
  ];
  for (const line of lines) expect(await launchctl(...line), line.join(" ")).toMatchObject({ exitCode: 64 });
});
