import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gigabytes } from "../../src/tart/configure.ts";
import { seeTart } from "../../src/tart/process-identity.ts";
import { until } from "../guest/http-recorder.ts";
import { failure, LINUX, MACOS, makeSimMac, value, VM, type SimMac } from "./sim-mac.ts";

const { signal } = new AbortController();
let mac: SimMac;

async function onMac(...options: Parameters<typeof makeSimMac>): Promise<SimMac> {
  mac = await makeSimMac(...options);
  return mac;
}

afterEach(async () => {
  await mac[Symbol.asyncDispose]();
});

describe("what a Mac has", () => {
  beforeEach(() => onMac({ cached: [MACOS, LINUX] }));

  it("is its version, its images and its VMs, foreign ones too", async () => {
    const { tart } = mac;
    expect(value(await tart.version())).toBe("2.35.0");
    expect(value(await tart.listLocal())).toEqual([]);
    const images = value(await tart.listImages());
    const [macos, linux] = [value(await tart.digest(MACOS)), value(await tart.digest(LINUX))];
    const lastUsedAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(images).toContainEqual({ reference: MACOS, sizeGb: 60, digest: macos, lastUsedAt });
    expect(images).toContainEqual({ reference: LINUX, sizeGb: 4, digest: linux, lastUsedAt });
    value(await tart.clone(LINUX, "somebodys", { signal }));
    value(await tart.clone(MACOS, VM, { signal }));
    expect(value(await tart.listLocal())).toEqual([
      { name: "somebodys", state: "stopped" },
      { name: VM, state: "stopped" },
    ]);
    expect(value(await tart.os("somebodys"))).toBe("linux");
    expect(value(await tart.os(VM))).toBe("macos");
    expect(failure(await tart.os("nobodys")).class).toBe("NOT_FOUND");
  });

  it("is a digest for a cached image", async () => {
    expect(value(await mac.tart.digest(MACOS))).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(failure(await mac.tart.digest("registry.example.com/macos/xcode:16")).class).toBe("NOT_CACHED");
  });
});

describe("a listing", () => {
  it("is tried again when it raced a delete", async () => {
    const { tart } = await onMac({ faults: [{ match: { cmd: "list", times: 2 }, action: "list-raced" }] });
    expect(value(await tart.listLocal())).toEqual([]);
  });

  it("that stays broken is a failure, never an empty Mac", async () => {
    const { host, tart } = await onMac({ cached: [MACOS] });
    value(await tart.clone(MACOS, VM, { signal }));
    host.setFaults([{ match: { cmd: "list" }, action: "list-raced" }]);
    expect(failure(await tart.listLocal()).class).toBe("LIST_RACED");
    host.setFaults([{ match: { cmd: "list" }, action: "dyld-abort" }]);
    expect(failure(await tart.listLocal()).class).toBe("BINARY_BROKEN");
  });

  it("may have strange keys, nulls and noise beside it", async () => {
    const faults = (["extra-keys", "disk-null", "gc-noise", "size-as-string"] as const).map((action) => ({
      action,
    }));
    const { tart } = await onMac({ cached: [MACOS], faults });
    value(await tart.clone(MACOS, VM, { signal }));
    expect(value(await tart.listLocal())).toEqual([{ name: VM, state: "stopped" }]);
    expect(value(await tart.listImages())).toContainEqual(
      expect.objectContaining({ reference: MACOS, sizeGb: 60 }),
    );
  });

  it("has a time limit", async () => {
    const faults = [{ match: { cmd: "list" }, action: "hang" as const }];
    const { tart } = await onMac({ faults }, { limits: { quick: 500 } });
    expect(failure(await tart.listLocal()).class).toBe("TIMED_OUT");
  });

  it("needs a tart", async () => {
    await onMac();
    expect(failure(await mac.secondTart({ path: "/nowhere/tart" }).listLocal()).class).toBe("NOT_INSTALLED");
  });

  it("that nobody can read is a failure", async () => {
    await onMac();
    const path = join(mac.host.dir, "tart");
    await writeFile(path, "#!/bin/sh\necho 'Warning: this is new'\n", { mode: 0o755 });
    expect(failure(await mac.secondTart({ path }).listLocal()).class).toBe("UNREADABLE");
  });
});

describe("the environment of a tart command", () => {
  it("keeps the agent's own settings out and the registry's credentials to those who fetch", async () => {
    await onMac();
    const path = join(mac.host.dir, "tart");
    await writeFile(path, `#!/bin/sh\nenv >"${mac.host.dir}/env.$1"\necho '[]'\n`, { mode: 0o755 });
    const env = { PATH: "/usr/bin", TARTFLEET_TOKEN: "t", TART_REGISTRY_PASSWORD: "p", CI: "no" };
    const tart = mac.secondTart({ path, env });
    await tart.listLocal();
    await tart.pull(MACOS, { onProgress: () => {}, signal });
    const listing = await readFile(join(mac.host.dir, "env.list"), "utf8");
    expect(listing).toMatch(/^TART_NO_AUTO_PRUNE=$/m);
    expect(listing).toContain(`TART_HOME=${mac.host.tartHome}\n`);
    expect(listing).toMatch(/^CI=1$/m);
    expect(listing).toMatch(/^PATH=\/usr\/bin:\/opt\/homebrew\/bin:/m);
    expect(listing).not.toMatch(/TARTFLEET|REGISTRY/);
    expect(await readFile(join(mac.host.dir, "env.pull"), "utf8")).toContain("TART_REGISTRY_PASSWORD=p\n");
  });
});

describe("a clone", () => {
  beforeEach(() => onMac({ cached: [MACOS] }));

  it("gets a MAC address of its own and the size that was asked for", async () => {
    const { tart } = mac;
    const config = async (name: string) =>
      JSON.parse(await readFile(join(mac.host.tartHome, "vms", name, "config.json"), "utf8")) as Record<
        string,
        unknown
      >;
    value(await tart.clone(MACOS, VM, { signal }));
    const before = await config(VM);
    value(await tart.configure(VM, { cpu: 6, memoryMiB: 16_384, diskGiB: 200, display: "1920x1080" }));
    const after = await config(VM);
    expect(after["macAddress"]).not.toBe(before["macAddress"]);
    expect(after).toMatchObject({
      cpuCount: 6,
      memorySize: 16_384 * 2 ** 20,
      display: { width: 1920, height: 1080 },
    });
  });

  it("keeps a disk that is larger than was asked for", async () => {
    value(await mac.tart.clone(MACOS, VM, { signal }));
    value(await mac.tart.configure(VM, { diskGiB: 30 }));
    value(await mac.tart.configure(VM, { diskGiB: 111 }));
    value(await mac.tart.configure(VM, { diskGiB: 112 }));
    value(await mac.tart.configure(VM, { diskGiB: 112 }));
  });

  it("with too few cpus is refused", async () => {
    value(await mac.tart.clone(MACOS, VM, { signal }));
    expect(failure(await mac.tart.configure(VM, { cpu: 1 })).class).toBe("RESOURCES");
  });

  it("can be given up", async () => {
    const abort = new AbortController();
    const cloning = mac.tart.clone(MACOS, VM, { signal: abort.signal });
    abort.abort();
    expect(failure(await cloning).class).toBe("CANCELLED");
  });

  it("ends the one that a killed agent left at work, which would replace it later", async () => {
    mac.host.setFaults([{ match: { cmd: "clone" }, action: "hold" }]);
    const left = mac.secondTart().clone(MACOS, VM, { signal });
    await until(async () => (await seeTart("clone", VM)).length > 0);
    const anew = mac.tart.clone(MACOS, VM, { signal });
    expect(failure(await left).class).toBe("KILLED");
    mac.host.setFaults([]);
    value(await anew);
  });

  it("counts disks in tart's gigabytes, never less than was asked for", () => {
    expect(gigabytes(100)).toBe(108);
    expect(gigabytes(1)).toBe(2);
  });
});

describe("a running VM", () => {
  beforeEach(() => onMac({ cached: [MACOS] }));

  it.each(["2.35.0", "2.40.1"])("is not said to be deleted, whatever tart %s answers", async (version) => {
    mac.host.env["TART_SIM_VERSION"] = version;
    await mac.started(VM);
    await until(async () => value(await mac.tart.listLocal())[0]?.state === "running");
    expect(failure(await mac.tart.delete(VM)).class).toBe("STILL_RUNNING");
    expect(value(await mac.tart.listLocal())).toHaveLength(1);
  });
});

describe("remains of a VM that tart cannot see", () => {
  it("are removed when they are ours, and left alone when not", async () => {
    await onMac();
    for (const name of [VM, "somebodys"]) {
      await mkdir(join(mac.host.tartHome, "vms", name), { recursive: true });
      await writeFile(join(mac.host.tartHome, "vms", name, "disk.img"), "");
      value(await mac.tart.delete(name));
    }
    expect(await mac.hasDirectory(VM)).toBe(false);
    expect(await mac.hasDirectory("somebodys")).toBe(true);
  });
});

describe("a run that cannot be started", () => {
  it("is a failure, not an exception", async () => {
    await onMac();
    const run = { run: {}, logPath: mac.log(VM) };
    expect(failure(await mac.secondTart({ path: "/nowhere/tart" }).run(VM, run)).class).toBe("NOT_INSTALLED");
    const nowhere = { run: {}, logPath: "/nowhere/at/all.log" };
    expect(failure(await mac.tart.run(VM, nowhere))).toMatchObject({ class: "UNKNOWN", command: "run" });
  });
});

describe("the end of a run", () => {
  it("is a failure when the limit is reached", async () => {
    await onMac({ cached: [MACOS], faults: [{ match: { cmd: "run" }, action: "limit-exceeded" }] });
    const run = await mac.started(VM);
    const end = await mac.tart.runEnd(mac.log(VM), await run.exited);
    expect(end).toMatchObject({ cause: "unknown", failure: { class: "LIMIT", exitCode: 1 } });
    expect(end.logTail).toContain("exceeds the system limit");
  });

  it("is a failure when there is no such VM", async () => {
    await onMac();
    const run = value(await mac.tart.run(VM, { run: {}, logPath: mac.log(VM) }));
    expect(await mac.tart.runEnd(mac.log(VM), await run.exited)).toMatchObject({
      failure: { class: "NOT_FOUND" },
    });
  });

  it.each([
    ["softnet-missing", { softnet: true }, "SOFTNET"],
    ["keychain-locked", {}, "START_FAILED"],
  ] as const)("is a failure with %s", async (action, run, expected) => {
    await onMac({ cached: [MACOS], faults: [{ match: { cmd: "run" }, action }] });
    value(await mac.tart.clone(MACOS, VM, { signal }));
    const started = value(await mac.tart.run(VM, { run, logPath: mac.log(VM) }));
    expect((await mac.tart.runEnd(mac.log(VM), await started.exited)).failure?.class).toBe(expected);
  });

  it.each([
    ["guest-crash", "guest_crashed"],
    ["network-lost", "network_lost"],
  ] as const)("is %s, with or without the exit code 0", async (action, cause) => {
    await onMac({ cached: [MACOS], faults: [{ match: { cmd: "run" }, action, ms: 1 }] });
    const run = await mac.started(VM);
    const exit = await run.exited;
    expect(exit.exitCode).toBe(0);
    expect(await mac.tart.runEnd(mac.log(VM), exit)).toMatchObject({ cause, failure: null });
    expect(await mac.tart.runEnd(mac.log(VM))).toMatchObject({ cause, failure: null });
  });

  it("is unknown where nothing tells", async () => {
    await onMac();
    expect(await mac.tart.runEnd(mac.log("never"))).toEqual({ cause: "unknown", logTail: "", failure: null });
  });
});
