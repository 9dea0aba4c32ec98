import { rm, stat, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GUI, isAlive, JOB, LABEL, makeBench, UID, until, type Bench } from "./support.ts";

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
const pid = async () => Number(await bench.printed("pid"));

describe("what a job started", () => {
  const spawns = "sleep 1000 & echo $!; exit 0";
  const child = async () => Number((await bench.read("log")).trim());

  it("ends with it", async () => {
    await launchctl("bootstrap", GUI, await bench.job(spawns, { RunAtLoad: true }));
    await until(async () => (await state()) === "not running" && (await child()) > 0);
    const left = await child();
    await until(() => Promise.resolve(!isAlive(left)));
  });

  it("lives on if it may, until the Mac is switched off", async () => {
    const job = await bench.job(spawns, { RunAtLoad: true, AbandonProcessGroup: true });
    await launchctl("bootstrap", GUI, job);
    await until(async () => (await state()) === "not running" && (await child()) > 0);
    const left = await child();
    expect(isAlive(left)).toBe(true);
    await bench.mac.macSim("shutdown");
    await until(() => Promise.resolve(!isAlive(left)));
  });
});

describe("a job that is kept alive", () => {
  it("is started anew when it was killed", async () => {
    await launchctl("bootstrap", GUI, await bench.job("exec sleep 1000", { KeepAlive: true }));
    const first = await pid();
    await launchctl("kill", "9", JOB);
    await until(async () => (await bench.printed("runs")) === "2" && (await state()) === "running");
    expect(await pid()).not.toBe(first);
  });

  it("only after a failure where it says so", async () => {
    const job = await bench.job('test -e "$0/again" || { touch "$0/again"; exit 1; }', {
      KeepAlive: { SuccessfulExit: false },
    });
    await writeFile(job, (await bench.read(`${LABEL}.plist`)).replaceAll("$0", bench.dir));
    await launchctl("bootstrap", GUI, job);
    await until(async () => (await bench.printed("runs")) === "2" && (await state()) === "not running");
    expect(await bench.printed("last exit code")).toBe("0");
  });

  it("waits for its throttle, unless it is kicked", async () => {
    const job = await bench.job("exit 0", { KeepAlive: true, ThrottleInterval: 86_400 });
    await launchctl("bootstrap", GUI, job);
    await until(async () => (await state()) === "spawn scheduled");
    await launchctl("kickstart", JOB);
    await until(async () => (await bench.printed("runs")) === "2");
  });

  it("is restarted at once by kickstart -k, and left alone without", async () => {
    await launchctl("bootstrap", GUI, await bench.job("exec sleep 1000", { KeepAlive: true }));
    const first = await pid();
    expect((await launchctl("kickstart", JOB)).exitCode).toBe(37);
    expect(await pid()).toBe(first);
    const { stdout } = await launchctl("kickstart", "-kp", JOB);
    expect(Number(stdout)).not.toBe(first);
    expect(await pid()).toBe(Number(stdout));
  });
});

describe("a job that does not want to go", () => {
  const stubborn = "trap '' TERM; while :; do sleep 0.05; done";

  it("is killed after its time; until then it can be neither loaded nor booted out", async () => {
    const path = await bench.job(stubborn, { RunAtLoad: true, ExitTimeOut: 86_400 });
    await launchctl("bootstrap", GUI, path);
    const first = await pid();
    expect(await launchctl("bootout", JOB)).toMatchObject({
      exitCode: 36,
      stderr: "Boot-out failed: 36: Operation now in progress",
    });
    expect(await state()).toBe("SIGTERMed");
    expect(await launchctl("bootstrap", GUI, path)).toMatchObject({
      exitCode: 37,
      stderr: "Bootstrap failed: 37: Operation already in progress",
    });
    await launchctl("kill", "KILL", JOB);
    await until(async () => (await launchctl("print", JOB)).exitCode === 113);
    expect(isAlive(first)).toBe(false);
    await bench.job(stubborn, { RunAtLoad: true, ExitTimeOut: 1 });
    await launchctl("bootstrap", GUI, path);
    expect(await launchctl("bootout", JOB)).toEqual(done);
  });
});

describe("domains", () => {
  it("of a user who is not at the screen do not exist, and what ran in it has ended", async () => {
    await launchctl("bootstrap", GUI, await bench.job("exec sleep 1000", { RunAtLoad: true }));
    const first = await pid();
    expect((await launchctl("managername")).stdout).toBe("Aqua");
    await bench.mac.macSim("logout", String(UID));
    expect(isAlive(first)).toBe(false);
    expect(await launchctl("print", GUI)).toEqual({
      exitCode: 112,
      stdout: "",
      stderr: `Bad request.\nCould not find domain for user gui: ${UID}`,
    });
    expect(await launchctl("bootstrap", GUI, await bench.job(""))).toMatchObject({
      exitCode: 125,
      stderr: "Bootstrap failed: 125: Domain does not support specified action",
    });
    await bench.mac.macSim("login", String(UID));
    expect((await launchctl("print", GUI)).exitCode).toBe(0);
  });

  it("of the system are root's", async () => {
    const path = await bench.job("exit 0");
    bench.mac.env["MAC_SIM_UID"] = "501";
    expect(await launchctl("bootstrap", "system", path)).toMatchObject({ exitCode: 5 });
    expect((await launchctl("bootstrap", "system", path)).stderr).toContain("as root for richer errors");
    expect((await launchctl("bootout", `system/${LABEL}`)).exitCode).toBe(1);
  });

  it("are those of another user with asuser", async () => {
    expect((await launchctl("asuser", "4711", "launchctl", "manageruid")).stdout).toBe("4711");
    expect((await launchctl("asuser", "4711", "sh", "-c", "exit 7")).exitCode).toBe(7);
  });
});

describe("a simulated Mac", () => {
  it("does not mix with another", async () => {
    await using other = await makeBench();
    await launchctl("bootstrap", GUI, await bench.job("sleep 1000"));
    expect((await other.mac.launchctl("print", JOB)).exitCode).toBe(113);
  });

  it("has one launchd, however many ask for it first", async () => {
    const labels = await Promise.all(
      Array.from({ length: 4 }, (_, n) => launchctl("setenv", `V${n}`, String(n))),
    );
    expect(labels.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    for (const n of [0, 1, 2, 3]) expect((await launchctl("getenv", `V${n}`)).stdout).toBe(String(n));
  });

  it("goes when its folder goes", async () => {
    await launchctl("bootstrap", GUI, await bench.job("exec sleep 1000", { RunAtLoad: true }));
    const left = await pid();
    await rm(bench.mac.dir, { recursive: true });
    await until(() => Promise.resolve(!isAlive(left)));
    await expect(stat(bench.mac.dir)).rejects.toThrow("ENOENT");
  });

  it("is one that is named", async () => {
    bench.mac.env["MAC_SIM_DIR"] = "";
    expect(await launchctl("print", GUI)).toMatchObject({ exitCode: 78 });
  });
});
