import { bootstrapSchema, Secret } from "@tartfleet/shared";
import { afterEach, describe, expect, it } from "vitest";
import { makeExecGuest } from "../../src/guest/exec-guest.ts";
import { provision } from "../../src/guest/provision.ts";
import { readScriptResult, requestShutdown } from "../../src/guest/results.ts";
import { waitForGuest, type WaitForGuest } from "../../src/guest/wait-for-guest.ts";
import { LINUX, MACOS, makeSimMac, VM, type SimMac } from "../tart/sim-mac.ts";
import { makeHttpRecorder, until } from "./http-recorder.ts";
import { makeSshServer } from "./ssh-server.ts";

const VANILLA = "registry.example.com/macos/vanilla:15";
const { signal } = new AbortController();
let mac: SimMac;

afterEach(async () => {
  await mac[Symbol.asyncDispose]();
});

function waiting(more: Partial<WaitForGuest> = {}) {
  return waitForGuest({
    name: VM,
    tart: mac.tart,
    logPath: mac.log(VM),
    ssh: { username: "admin", password: new Secret("admin"), port: 2222 },
    timeoutSeconds: 20,
    headStartSeconds: 1_000_000,
    signal,
    pace: 100,
    ...more,
  });
}

describe("a guest with the guest agent", () => {
  it("is reached by tart exec and has an address", async () => {
    mac = await makeSimMac({ cached: [MACOS] });
    await mac.started(VM);
    expect(await waiting()).toMatchObject({
      ok: true,
      value: { guest: { via: "exec" }, ip: expect.stringMatching(/^127\./) as string },
    });
  });

  it("runs scripts with input, output and an exit code that is surely its own", async () => {
    mac = await makeSimMac({ cached: [MACOS] });
    await mac.started(VM);
    const reached = await waiting();
    if (!reached.ok) throw new Error(reached.failure.message);
    const { guest } = reached.value;
    const run = (script: string, more = {}) => guest.run(script, { timeoutSeconds: 20, signal, ...more });
    expect(await run('cat; printf "%s" "$HOME" | grep -o "/Users/.*" >&2; exit 1', { stdin: "in" })).toEqual({
      ok: true,
      value: { exitCode: 1, stdout: "in", stderr: "/Users/admin\n" },
    });
    expect(await run("echo a line; kill -KILL $$")).toMatchObject({ value: { exitCode: 137 } });
    expect(await run("if")).toMatchObject({ ok: true });
    expect(await run("sleep 60", { timeoutSeconds: 1 })).toMatchObject({ failure: { class: "timed_out" } });
    mac.host.setFaults([{ match: { cmd: "exec" }, action: "exec-transport-error" }]);
    expect(await run("exit 1")).toMatchObject({ ok: true, value: { exitCode: 1 } });
    mac.host.setFaults([{ match: { cmd: "exec" }, action: "exec-output-loss", kib: 0 }]);
    expect(await run("echo lost")).toMatchObject({ failure: { class: "outcome_unknown" } });
    mac.host.setFaults([{ match: { cmd: "exec" }, action: "exec-grpc-error", ms: 1 }]);
    expect(await run("true")).toMatchObject({ failure: { class: "unreachable" } });
    await mac.tart.stop(VM);
    expect(await run("true")).toMatchObject({ failure: { class: "unreachable" } });
  });

  it("is waited for with patience: its socket is alive after a slow boot", async () => {
    mac = await makeSimMac({
      cached: [MACOS],
      faults: [{ match: { cmd: "run" }, action: "agent-slow", ms: 300_000 }],
    });
    await mac.started(VM);
    expect(await waiting()).toMatchObject({ ok: true, value: { guest: { via: "exec" } } });
    expect(await mac.tart.execIsDead(mac.log(VM))).toBe(false);
  });

  it("but without a lease is asked for its address itself", async () => {
    mac = await makeSimMac({ cached: [LINUX], faults: [{ match: { cmd: "run" }, action: "no-ip" }] });
    await mac.started(VM, LINUX);
    expect(await waiting()).toMatchObject({
      ok: true,
      value: { guest: { via: "exec" }, ip: expect.stringMatching(/^\d+\./) as string },
    });
  });
});

describe("a guest that tart exec cannot reach", () => {
  it("is reached by ssh: an image without the agent", async () => {
    mac = await makeSimMac({ cached: [VANILLA] });
    await using sshd = await makeSshServer();
    await mac.started(VM, VANILLA);
    const tart = { ...mac.tart, ip: async () => ({ ok: true as const, value: "127.0.0.1" }) };
    const ssh = { username: "admin", password: new Secret("admin"), port: sshd.port };
    expect(await waiting({ tart, ssh, headStartSeconds: 1 })).toMatchObject({
      ok: true,
      value: { guest: { via: "ssh" }, ip: "127.0.0.1" },
    });
  });

  it("is reached by ssh at once when its control socket is dead", async () => {
    mac = await makeSimMac({
      cached: [MACOS],
      faults: [{ match: { cmd: "run" }, action: "control-socket-dead", ms: 1 }],
    });
    await using sshd = await makeSshServer();
    await mac.started(VM);
    const tart = { ...mac.tart, ip: async () => ({ ok: true as const, value: "127.0.0.1" }) };
    const ssh = { username: "admin", password: new Secret("admin"), port: sshd.port };
    await until(() => mac.tart.execIsDead(mac.log(VM)));
    expect(await waiting({ tart, ssh })).toMatchObject({ ok: true, value: { guest: { via: "ssh" } } });
  });

  it("and that ssh cannot reach either is a failure that says why, both ways", async () => {
    mac = await makeSimMac({ cached: [VANILLA], faults: [{ match: { cmd: "run" }, action: "sshd-never" }] });
    await mac.started(VM, VANILLA);
    const result = await waiting({ timeoutSeconds: 3, headStartSeconds: 1 });
    expect(result).toMatchObject({ ok: false, failure: { class: "unreachable" } });
    if (!result.ok) expect(result.failure.message).toMatch(/By tart exec: the guest agent.* By ssh: /s);
  });

  it("is not waited for any longer when nobody wants it", async () => {
    mac = await makeSimMac({ cached: [VANILLA] });
    await mac.started(VM, VANILLA);
    const abort = new AbortController();
    const result = waiting({ signal: abort.signal });
    abort.abort();
    expect(await result).toMatchObject({ ok: false, failure: { class: "cancelled" } });
  });
});

describe("a simulated VM", () => {
  it("is set up, runs its script to the end, and is shut down", async () => {
    mac = await makeSimMac({ cached: [MACOS] });
    await using plane = await makeHttpRecorder();
    const run = await mac.started(VM);
    const reached = await waiting();
    if (!reached.ok) throw new Error(reached.failure.message);
    const { guest, ip } = reached.value;
    const env = { ODD: 'it\'s "two"\nlines\\ of $HOME `id` \t!' };
    const bootstrap = bootstrapSchema.parse({
      vmName: "build-42",
      jobId: "job-42",
      publicUrl: plane.url,
      vmToken: "vm-token",
      env,
      runner: { kind: "script", script: 'printf "%s" "$ODD"; exit 3', shell: "/bin/bash" },
    });
    const subject = { vmId: "0123456789abcdef", attempt: 1, ip, signal };
    expect(await provision(guest, bootstrap, subject)).toEqual({ ok: true, value: undefined });
    await plane.count(1);
    expect(plane.heard[0]).toMatchObject({
      method: "DELETE",
      authorization: "Bearer vm-token",
      query: { phase: "runner_exited", rc: "3", ip, jobId: "job-42" },
    });
    expect(await readScriptResult(guest, { signal })).toEqual({
      ok: true,
      value: { exitCode: 3, output: env.ODD, truncated: false },
    });
    const second = makeExecGuest(mac.secondTart(), VM);
    expect(await provision(second, bootstrap, subject)).toMatchObject({ ok: true });
    expect(await requestShutdown(guest, { signal })).toEqual({ ok: true, value: undefined });
    expect(await run.exited).toEqual({ exitCode: 0, signal: null });
    expect(await mac.tart.runEnd(mac.log(VM))).toMatchObject({ cause: "guest_shutdown" });
    expect(plane.heard).toHaveLength(1);
  });
});
