import { launchdProblems } from "@tartfleet/launchd";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { until } from "../guest/http-recorder.ts";
import { childRuns } from "../../src/tart/launcher.ts";
import { failure, launchd, MACOS, makeSimMac, value, VM, vmNamed, type SimMac } from "../tart/sim-mac.ts";

const GUI = `gui/${userInfo().uid}`;
const LABEL = `dev.tartfleet.vm.${VM}`;
const { signal } = new AbortController();

let mac: SimMac;
afterEach(async () => {
  await mac[Symbol.asyncDispose]();
});

async function onMac(...[options]: Parameters<typeof makeSimMac>): Promise<SimMac> {
  mac = await makeSimMac({ cached: [MACOS], ...options }, {}, "launchd");
  return mac;
}

const launchctl = (...args: string[]) => mac.macOs?.launchctl(...args);
const files = () => readdir(join(mac.host.dir, "launchd"));
const isLoaded = async (label = LABEL) => (await launchctl("print", `${GUI}/${label}`))?.exitCode === 0;

it("is a file for its owner alone, in which there is no secret and nothing but what tart needs", async () => {
  await onMac();
  mac.host.env["TART_REGISTRY_PASSWORD"] = "very-secret";
  mac.host.env["TARTFLEET_ENROLMENT_TOKEN"] = "more-secret";
  await mac.started(VM);
  const path = join(mac.host.dir, "launchd", `${LABEL}.plist`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const text = await readFile(path, "utf8");
  expect(launchdProblems(path, text)).toEqual([]);
  expect(text).not.toMatch(/secret|TARTFLEET|REGISTRY/);
  const { stdout = "" } = (await launchctl("print", `${GUI}/${LABEL}`)) ?? {};
  const [, environment = ""] = /^\tenvironment = \{\n([^]*?)^\t\}/m.exec(stdout) ?? [];
  expect(environment.match(/\S+(?= =>)/g)).toEqual(["PATH", "HOME", "TART_HOME", "XPC_SERVICE_NAME"]);
});

it("tells whoever asks later how the VM ended, and is forgotten when that was reported", async () => {
  await onMac();
  const run = await mac.started(VM);
  const later = mac.secondTart();
  await run.signal("SIGKILL");
  await run.exited;
  expect(await later.runExit(VM)).toEqual({ exitCode: null, signal: "SIGKILL" });
  expect(await later.runEnd(mac.log(VM), await later.runExit(VM))).toMatchObject({ cause: "killed" });
  await later.forgetRun(VM);
  expect(await files()).toEqual([]);
  expect(await isLoaded()).toBe(false);
  await later.forgetRun(VM);
});

it("is started anew for a VM that was refused before", async () => {
  await onMac({ faults: [{ match: { cmd: "run", times: 1 }, action: "limit-exceeded" }] });
  const refused = await mac.started(VM);
  expect(await refused.exited).toEqual({ exitCode: 1, signal: null });
  const run = value(await mac.tart.run(VM, { run: {}, logPath: mac.log(VM) }));
  await until(async () => value(await mac.tart.listLocal())[0]?.state === "running");
  // Whoever does not know that it runs is given the same process.
  expect(value(await mac.secondTart().run(VM, { run: {}, logPath: mac.log(VM) })).pid).toBe(run.pid);
});

it("is found by an agent that does without launchd, and that one's VMs by an agent that uses it", async () => {
  await onMac();
  const without = mac.secondTart({ launcher: childRuns });
  const run = await mac.started(VM);
  const found = await without.findRun(VM, run);
  expect(await found?.signal("SIGKILL")).toBe(true);
  expect(await found?.exited).toEqual({ exitCode: null, signal: null });
  await mac.tart.forgetRun(VM);
  const child = value(await without.run(VM, { run: {}, logPath: mac.log(VM) }));
  const again = await mac.tart.findRun(VM, child);
  expect(await again?.signal("SIGKILL")).toBe(true);
  expect(await again?.exited).toEqual({ exitCode: null, signal: null });
});

it("that no VM has is removed, those of others and of VMs are not", async () => {
  await onMac();
  const gone = vmNamed(2);
  const lost = vmNamed(3);
  const run = await mac.started(VM);
  const left = await mac.started(gone);
  const folder = join(mac.host.dir, "launchd");
  const text = await readFile(join(folder, `${LABEL}.plist`), "utf8");
  await writeFile(join(folder, `dev.tartfleet.vm.${lost}.plist`), text.replaceAll(VM, lost));
  const others = join(mac.host.dir, "dev.tartfleet.vm.others.plist");
  await writeFile(others, text.replaceAll(LABEL, "dev.tartfleet.vm.others"));
  await launchctl("bootstrap", GUI, others);

  await mac.secondTart().sweepRuns(new Set([VM]));
  expect(await left.exited).toEqual({ exitCode: null, signal: null });
  expect(await isLoaded(`dev.tartfleet.vm.${gone}`)).toBe(false);
  expect(await files()).toEqual([`${LABEL}.plist`]);
  expect(await isLoaded("dev.tartfleet.vm.others")).toBe(true);
  expect(await run.signal("SIGKILL")).toBe(true);
});

it("cannot be without a session at the screen, and that says what to do", async () => {
  await onMac();
  value(await mac.tart.clone(MACOS, VM, { signal }));
  await mac.macOs?.macSim("logout", String(userInfo().uid));
  const refused = failure(await mac.tart.run(VM, { run: {}, logPath: mac.log(VM) }));
  expect(refused).toMatchObject({ class: "NO_SESSION", message: expect.stringContaining("auto-login") });
  expect(await mac.tart.runExit(VM)).toBeUndefined();
  await mac.tart.sweepRuns(new Set());
  // An agent that is started then does without.
  expect(mac.macOs && (await launchd(mac.host, mac.macOs, mac.host.dir))).toBe(childRuns);
});

it("that launchd refuses is a failure with launchd's words", async () => {
  await onMac();
  value(await mac.tart.clone(MACOS, VM, { signal }));
  await launchctl("disable", `${GUI}/${LABEL}`);
  const refused = failure(await mac.tart.run(VM, { run: {}, logPath: mac.log(VM) }));
  expect(refused).toMatchObject({
    class: "NOT_LAUNCHED",
    output: expect.stringContaining("Bootstrap failed: 5"),
  });
});
