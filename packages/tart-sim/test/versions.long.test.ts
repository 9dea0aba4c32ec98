import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { need, until } from "../src/conformance/bench.ts";
import { images, mac, simBench } from "./support/sim-bench.ts";

describe("a release", () => {
  test("from 2.35.0 does not even start on macOS 15", async () => {
    await using bench = await simBench({ cached: [], host: { osVersion: "15.7" } });
    expect(await bench.tart(["--version"])).toMatchObject({ signal: "SIGABRT", stdout: "" });
    need(await bench.tart(["--version"], { env: { TART_SIM_VERSION: "2.34.0" } }), 0, { stdout: "2.34.0\n" });
  });

  test.each([
    ["2.35.0", { list: 0, disk: 50 }],
    ["2.36.0", { list: 1, disk: undefined }],
    ["2.40.1", { list: 0, disk: null }],
  ] as const)("%s has its own way with a running ASIF disk", async (version, { list, disk }) => {
    await using bench = await simBench({ version, images: [{ ...images[0], diskFormat: "asif" }] });
    const vm = await bench.macVm();
    await bench.run(vm);
    for (const argv of [
      ["list", "--format", "json"],
      ["get", vm, "--format", "json"],
    ]) {
      const { code, stdout, stderr } = await bench.tart(argv);
      expect(code).toBe(list);
      if (list === 0) expect([JSON.parse(stdout)].flat()[0]).toMatchObject({ Disk: disk, Running: true });
      else expect(stderr).toMatch(/"image info --plist .*Resource temporarily unavailable/);
    }
  });

  test("after 2.40 guards names and tells of one thing more when it stops", async () => {
    await using bench = await simBench({ version: "2.41.0" });
    const [one, two] = [await bench.macVm(), await bench.macVm()];
    need(await bench.tart(["clone", one, two]), 64, {
      stderr: new RegExp(`^Error: VM "${two}" already exists, use --overwrite to replace it\n`),
    });
    need(await bench.tart(["clone", "--overwrite", one, two]), 0);
    const run = await bench.run(two);
    need(await bench.tart(["clone", "--overwrite", one, two]), 1, { stderr: `VM "${two}" is running\n` });
    need(await bench.tart(["create", "--linux", two]), 1, { stderr: `VM "${two}" is running\n` });
    need(await bench.tart(["delete", two]), 1, { stderr: `VM "${two}" is running\n` });
    need(await bench.tart(["stop", two]), 0);
    need(await run.ended, 0, {
      stdout: "Stopping VM...\nCancelled the VM's Apple identity service for shutdown\n",
    });
  });

  test.each([
    ["2.35.0", ["run", "--no-usb-accessories", "vm"], 64],
    ["2.40.1", ["run", "--no-usb-accessories", "vm"], 0],
    ["2.34.0", ["run", "--provisioning-opts=x", "vm"], 64],
    ["2.35.0", ["clone", "--overwrite", "vm", "vm2"], 64],
    ["2.28.0", ["clone", "--prune-limit=5", "vm", "vm2"], 64],
    ["2.26.0", ["exec", "vm", "true"], 64],
  ] as const)("%s answers %j with %d: options have their age", async (version, argv, code) => {
    await using bench = await simBench({ version, cached: [] });
    need(await bench.tart(["create", "--linux", "vm"]), 0);
    if (code === 64)
      need(await bench.tart(argv), 64, { stderr: /^Error: Un(known option|expected argument) '/ });
    else {
      const run = bench.startRun(argv);
      await until("the run", () => bench.host.running().length === 1);
      run.kill("SIGKILL");
      await run.ended;
    }
  });

  test.each([
    [
      "2.35.0",
      /^local {2}vm-1 50 +25 +\d+ seconds? ago stopped\s*$/m,
      /^darwin 4 +8192 +50 +raw +25\.000 1024x768 stopped\s*$/m,
    ],
    [
      "2.40.1",
      /^local {2}vm-1 +50 GB 25 GB \d+ seconds? ago stopped\s*$/m,
      /^darwin 4 +8192 +50 GB raw +25\.000 1024x768 stopped\s*$/m,
    ],
  ])("%s prints sizes its own way", async (version, list, get) => {
    await using bench = await simBench({ version });
    const vm = await bench.macVm();
    need(await bench.tart(["list", "--source", "local"]), 0, { stdout: list });
    need(await bench.tart(["get", vm]), 0, { stdout: get });
  });
});

describe("TART_HOME", () => {
  test("that cannot be made is told", async () => {
    await using bench = await simBench({ cached: [] });
    const file = join(bench.host.dir, "file");
    writeFileSync(file, "");
    need(await bench.tart(["list"], { env: { TART_HOME: join(file, "home") } }), 1, {
      stderr: /^TART_HOME is invalid: .* does not exist, yet we can't create it: /,
    });
  });

  test("may hold half of a VM: nobody sees it, nobody runs it", async () => {
    await using bench = await simBench();
    const vm = await bench.macVm();
    rmSync(join(bench.home, "vms", vm, "nvram.bin"));
    mkdirSync(join(bench.home, "vms/empty"));
    expect((await bench.list()).map(({ Name }) => Name)).not.toContain(vm);
    need(await bench.tart(["run", vm]), 1, {
      stderr: "Error: VM is missing some of its files (config.json, disk.img or nvram.bin)\n",
    });
    need(await bench.tart(["delete", vm]), 2);
  });
});

test("the same seed gives the same MACs, another one others", async () => {
  const macs: unknown[] = [];
  for (const seed of ["a", "a", "b"]) {
    await using bench = await simBench({ seed });
    need(await bench.tart(["clone", mac, "vm"]), 0);
    need(await bench.tart(["set", "vm", "--random-mac"]), 0);
    macs.push(JSON.parse(readFileSync(join(bench.home, "vms/vm/config.json"), "utf8")).macAddress);
  }
  expect(macs[0]).toMatch(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
  expect(macs[1]).toBe(macs[0]);
  expect(macs[2]).not.toBe(macs[0]);
});
