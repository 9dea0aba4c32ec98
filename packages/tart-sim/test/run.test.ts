import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { need, until } from "../src/conformance/bench.ts";
import { simBench } from "./support/sim-bench.ts";

const configOf = (home: string, name: string): { macAddress: string } =>
  JSON.parse(readFileSync(join(home, "vms", name, "config.json"), "utf8"));

describe("tart run", () => {
  test("dies of SIGTERM at once and takes the guest along", async () => {
    await using bench = await simBench();
    const vm = await bench.macVm();
    const run = await bench.run(vm);
    await bench.untilAgentAnswers(vm);
    const beat = join(bench.home, "beat");
    const beating = bench.startRun([
      "exec",
      vm,
      "sh",
      "-c",
      `while :; do date +%N >${beat}; sleep 0.01; done`,
    ]);
    await until("a heartbeat from the guest", () => existsSync(beat));
    run.kill("SIGTERM");
    expect((await run.ended).signal).toBe("SIGTERM");
    expect(run.stdout()).toBe("");
    expect(await bench.stateOf(vm)).toBe("stopped");
    expect((await beating.ended).code).toBe(1);
    await until("the guest's processes to be gone", async () => {
      const before = statSync(beat).mtimeMs;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return statSync(beat).mtimeMs === before;
    });
  });

  test("ends when the guest shuts itself down", async () => {
    await using bench = await simBench();
    const vm = await bench.macVm();
    const run = await bench.run(vm);
    await bench.untilAgentAnswers(vm);
    await bench.tart(["exec", vm, "sudo", "/sbin/shutdown", "-h", "now"]);
    need(await run.ended, 0, { stdout: "guest has stopped the virtual machine\n" });
  });

  test("leaves control.sock behind, whatever the end", async () => {
    await using bench = await simBench();
    const vm = await bench.blankVm();
    const socket = join(bench.home, "vms", vm, "control.sock");
    const run = await bench.run(vm);
    await until("the control socket", () => existsSync(socket));
    need(await bench.tart(["stop", vm]), 0);
    await run.ended;
    expect(existsSync(socket)).toBe(true);
  });

  test("counts macOS VMs over all homes of the Mac, and names those of its own", async () => {
    await using bench = await simBench();
    const other = await bench.otherHome();
    const [one, two, three] = [await bench.macVm(), await other.macVm(), await other.macVm()];
    await bench.run(one);
    await bench.untilAgentAnswers(one);
    await other.run(two);
    await other.untilAgentAnswers(two);
    const refused = await other.startRun(["run", "--no-graphics", three]).ended;
    need(refused, 1, {
      stdout: "",
      stderr: `The number of VMs exceeds the system limit (other running VMs: ${two})\n`,
    });
    need(await bench.tart(["stop", one]), 0);
    await other.run(three);
    await other.untilAgentAnswers(three);
    expect(bench.host.running().sort()).toEqual([two, three].sort());
  });

  test("a slot is free as soon as its run was killed", async () => {
    await using bench = await simBench();
    const [one, two, three] = [await bench.macVm(), await bench.macVm(), await bench.macVm()];
    const runs = [await bench.run(one), await bench.run(two)];
    await bench.untilAgentAnswers(one);
    await bench.untilAgentAnswers(two);
    runs[0]?.kill("SIGKILL");
    await runs[0]?.ended;
    await bench.run(three);
    await bench.untilAgentAnswers(three);
  });

  test("never more than two of many that start at once", async () => {
    await using bench = await simBench({ host: { profile: { startMs: 0 } } });
    const names = [];
    for (let count = 0; count < 5; count++) names.push(await bench.macVm());
    const runs = names.map((name) => bench.startRun(["run", "--no-graphics", name]));
    const outcomes: unknown[] = [];
    for (const { ended } of runs) void ended.then(({ code }) => outcomes.push(code));
    await until("three refusals", () => outcomes.length === 3);
    expect(outcomes).toEqual([1, 1, 1]);
    expect(bench.host.running()).toHaveLength(2);
  });

  test("gives a VM whose MAC is running already another one", async () => {
    await using bench = await simBench();
    const [one, two] = [await bench.blankVm(), bench.newName()];
    need(await bench.tart(["clone", one, two]), 0);
    const { macAddress } = configOf(bench.home, one);
    expect(configOf(bench.home, two).macAddress).not.toBe(macAddress);
    // Only a suspended source would keep its MAC: make the two alike by hand.
    writeFileSync(
      join(bench.home, "vms", two, "config.json"),
      JSON.stringify({ ...configOf(bench.home, two), macAddress }),
    );
    await bench.run(one);
    const second = await bench.run(two);
    expect(second.stdout()).toBe(
      "There is already a running VM with the same MAC address!\nResetting VM to assign a new MAC address...\n",
    );
    expect(configOf(bench.home, two).macAddress).not.toBe(macAddress);
  });

  test("waits its turn for the home's lock", async () => {
    await using bench = await simBench({
      speed: 1,
      host: { profile: { cloneMs: 60_000, startMs: 10, ipMs: 0 } },
    });
    const [one, two] = [await bench.blankVm(), bench.newName()];
    const cloning = bench.startRun(["clone", one, two]);
    await until(
      "the clone to hold the lock",
      () => existsSync(join(bench.home, "tmp")) && statSync(join(bench.home, "tmp")).nlink > 2,
    );
    const run = bench.startRun(["run", "--no-graphics", one]);
    // Another home of the same Mac is not held up.
    const other = await bench.otherHome();
    need(await other.tart(["create", "--linux", "free"]), 0);
    await other.run("free");
    expect(bench.host.running()).toEqual(["free"]);
    cloning.kill("SIGKILL");
    await until("the run to have its lock", () => bench.host.running().includes(one));
    run.kill("SIGKILL");
    await run.ended;
  });

  test.each([
    [["--vnc", "--vnc-experimental"], "mutually exclusive"],
    [
      ["--net-softnet", "--net-bridged=en0"],
      "--net-bridged, --net-softnet and --net-host are mutually exclusive",
    ],
    [
      ["--net-softnet-allow=10.0.0.0/8", "--net-host"],
      "--net-bridged, --net-softnet and --net-host are mutually exclusive",
    ],
    [["--graphics", "--no-graphics"], "mutually exclusive"],
    [["--suspendable", "--no-trackpad"], "--suspendable"],
    [
      ["--no-graphics", "--capture-system-keys"],
      "--captures-system-keys can only be used with the default VM view",
    ],
    [["--net-bridged=list"], "available interfaces: "],
    [["--dir=/a", "--dir=/b"], "each one of them should be named"],
  ])("refuses %j with 64", async (flags, words) => {
    await using bench = await simBench();
    const vm = await bench.blankVm();
    const refused = await bench.tart(["run", ...flags, vm]);
    expect(refused).toMatchObject({ code: 64, stdout: "" });
    expect(refused.stderr).toContain(words);
    expect(refused.stderr).toContain("Usage: tart run");
  });

  test("refuses more CPUs than the Mac has when it starts, not before", async () => {
    await using bench = await simBench();
    const vm = await bench.macVm();
    need(await bench.tart(["set", vm, "--cpu", "64"]), 0);
    need(await bench.tart(["run", "--no-graphics", vm]), 1, {
      stderr: /^Error Domain=VZErrorDomain Code=2 /,
    });
    need(await bench.tart(["set", vm, "--cpu", "2"]), 1, {
      stderr: "Error: LessThanMinimalResourcesError: VM should have 4 CPU cores at minimum (requested 2)\n",
    });
  });
});
