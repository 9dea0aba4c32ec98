import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { need, until } from "../src/conformance/bench.ts";
import { identify } from "../src/host/process-identity.ts";
import type { SimHostOptions } from "../src/index.ts";
import { simBench, type SimBench } from "./support/sim-bench.ts";

async function runningVm(bench: SimBench): Promise<string> {
  const vm = await bench.macVm();
  await bench.run(vm);
  await bench.untilAgentAnswers(vm);
  return vm;
}

const socketOf = (bench: SimBench, vm: string): string => join(bench.home, "vms", vm, "control.sock");

/** What a careful client sees: the first bytes, "closed", or "refused". */
function probe(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("data", (bytes) => {
      socket.destroy();
      resolve(bytes.toString("hex"));
    });
    socket.once("close", () => resolve("closed"));
    socket.once("error", (error) => resolve("code" in error ? String(error.code) : "error"));
  });
}

/** Goes away before it can have been accepted. */
function impatience(path: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.destroy());
    socket.once("error", () => resolve());
    socket.once("close", () => resolve());
  });
}

describe("tart exec", () => {
  test("a killed client takes the guest's command along", async () => {
    await using bench = await simBench();
    const vm = await runningVm(bench);
    const pidFile = join(bench.home, "pid");
    const client = bench.startRun(["exec", vm, "sh", "-c", `echo $$ >${pidFile}; exec sleep 987`]);
    await until(
      "the command's pid",
      () => existsSync(pidFile) && readFileSync(pidFile, "utf8").endsWith("\n"),
    );
    const pid = Number(readFileSync(pidFile, "utf8"));
    client.kill("SIGKILL");
    await until("the command to be gone", () => identify(pid) === undefined);
  });

  test("carries megabytes both ways unharmed", async () => {
    await using bench = await simBench();
    const vm = await runningVm(bench);
    const input = "0123456789abcdef".repeat(1 << 18);
    const back = await bench.tart(["exec", "-i", vm, "cat"], { input });
    expect(back.code).toBe(0);
    expect(back.stdout === input).toBe(true);
  });

  test("ends when nobody reads its output any more", async () => {
    await using bench = await simBench();
    const vm = await runningVm(bench);
    const child = spawn("tart", ["exec", vm, "yes"], {
      env: bench.host.env,
      stdio: ["ignore", "pipe", "ignore"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.stdout.destroy();
    const signal = await new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
    expect(signal).toBe("SIGPIPE");
  });

  test("-t without a terminal crashes", async () => {
    await using bench = await simBench();
    const vm = await runningVm(bench);
    expect((await bench.tart(["exec", "-t", vm, "true"])).signal).toBe("SIGTRAP");
  });

  test("several commands run at once", async () => {
    await using bench = await simBench();
    const vm = await runningVm(bench);
    const outcomes = await Promise.all(
      [1, 2, 3, 4].map((code) => bench.tart(["exec", vm, "sh", "-c", `exit ${code}`])),
    );
    expect(outcomes.map(({ code }) => code)).toEqual([1, 2, 3, 4]);
  });
});

describe("the control socket", () => {
  const slowAgent: Partial<SimHostOptions> = { faults: [{ match: { cmd: "run" }, action: "agent-never" }] };

  test("the agent speaks first when it is up", async () => {
    await using bench = await simBench();
    const vm = await runningVm(bench);
    expect(await probe(socketOf(bench, vm))).toMatch(/^[0-9a-f]+$/);
    need(await bench.tart(["ip", vm, "--resolver", "agent"]), 0, { stdout: /^127\.\d+\.\d+\.\d+\n$/ });
  });

  test("closes on clients while the agent does not listen", async () => {
    await using bench = await simBench(slowAgent);
    const vm = await bench.macVm();
    await bench.run(vm);
    await until("the socket", () => existsSync(socketOf(bench, vm)));
    expect(await probe(socketOf(bench, vm))).toBe("closed");
    need(await bench.tart(["exec", vm, "true"]), 1, {
      stderr:
        "Failed to connect to the VM using its control socket: The operation couldn’t be completed. (GRPC.GRPCConnectionPoolError error 1.), is the Tart Guest Agent running?\n",
    });
    need(await bench.tart(["ip", vm, "--resolver", "agent"]), 1, {
      stderr: /^no IP address found \(also make sure/,
    });
    // Patience harms nobody.
    expect(await probe(socketOf(bench, vm))).toBe("closed");
  });

  test.each([
    ["2.35.0", "ECONNREFUSED"],
    ["2.40.1", "closed"],
  ])("of %s is %s after an impatient client", async (version, after) => {
    await using bench = await simBench({ ...slowAgent, version });
    const vm = await bench.macVm();
    const run = await bench.run(vm);
    await until("the socket", () => existsSync(socketOf(bench, vm)));
    await until("the socket to settle", async () => {
      await impatience(socketOf(bench, vm));
      return (await probe(socketOf(bench, vm))) === after;
    });
    need(await bench.tart(["stop", vm]), 0);
    const { stderr } = await run.ended;
    expect(stderr.includes("Failed to run control socket: NIOFcntlFailedError()")).toBe(
      after === "ECONNREFUSED",
    );
  });

  test.each([
    ["2.32.1", { ends: false, tells: false, works: false }],
    ["2.35.0", { ends: false, tells: true, works: false }],
    ["2.36.0", { ends: true, tells: true, works: false }],
    ["2.40.1", { ends: false, tells: false, works: true }],
  ])("left by an earlier run, as %s takes it", async (version, { ends, tells, works }) => {
    await using bench = await simBench({ version });
    const vm = await bench.macVm();
    const first = await bench.run(vm);
    await until("the socket", () => existsSync(socketOf(bench, vm)));
    first.kill("SIGKILL");
    await first.ended;
    const second = bench.startRun(["run", "--no-graphics", vm]);
    if (ends) {
      need(await second.ended, 1, {
        stderr: /^bind\(descriptor:ptr:bytes:\): Address already in use\) \(errno: 48\)\n$/,
      });
      return;
    }
    await until("the second run", async () => (await bench.stateOf(vm)) === "running");
    need(await bench.tart(["ip", vm, "--wait", "60"]), 0);
    if (works) await bench.untilAgentAnswers(vm);
    else need(await bench.tart(["exec", vm, "true"]), 1, { stderr: /control socket/ });
    need(await bench.tart(["stop", vm]), 0);
    const { stderr } = await second.ended;
    expect(/^Failed to run control socket: bind\(/m.test(stderr)).toBe(tells);
  });

  test("a home with a space has no exec before 2.36.1", async () => {
    for (const [version, works] of [
      ["2.35.0", false],
      ["2.40.1", true],
    ] as const) {
      await using bench = await simBench({ version });
      const home = join(bench.host.dir, "with space");
      const env = { TART_HOME: home };
      need(await bench.tart(["clone", "registry.example.com/test/mac:1", "vm"], { env }), 0);
      const run = bench.startRun(["run", "--no-graphics", "vm"], { env });
      await until("the run", () => bench.host.running().length === 1);
      await until(
        "the lease",
        async () => (await bench.tart(["ip", "vm", "--wait", "60"], { env })).code === 0,
      );
      if (works)
        await until("exec", async () => (await bench.tart(["exec", "vm", "true"], { env })).code === 0);
      else need(await bench.tart(["exec", "vm", "true"], { env }), 1, { stderr: /control socket/ });
      run.kill("SIGKILL");
      await run.ended;
    }
  });
});
