import { bootstrapSchema, Secret } from "@tartfleet/shared";
import * as fc from "fast-check";
import ssh2 from "ssh2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { provision } from "../../src/guest/provision.ts";
import { readScriptResult } from "../../src/guest/results.ts";
import { makeSshGuest } from "../../src/guest/ssh-guest.ts";
import { makeHttpRecorder, until } from "./http-recorder.ts";
import { makeLocalGuest } from "./local-guest.ts";
import { makeSshServer, type SshServer } from "./ssh-server.ts";

const keys = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
const { signal } = new AbortController();
let sshd: SshServer;

beforeEach(async () => {
  sshd = await makeSshServer(keys.public);
});
afterEach(async () => {
  await sshd[Symbol.asyncDispose]();
});

const guest = (login = {}) =>
  makeSshGuest("127.0.0.1", { username: "admin", password: new Secret("admin"), port: sshd.port, ...login });
const run = (script: string, options = {}, login = {}) =>
  guest(login).run(script, { timeoutSeconds: 20, signal, ...options });

describe("a guest reached by ssh", () => {
  it("runs scripts by bash, with input, output and exit code", async () => {
    expect(await run('cat; echo "$BASH_VERSION" | cut -c1 >&2; exit 7', { stdin: "it's in\n" })).toEqual({
      ok: true,
      value: { exitCode: 7, stdout: "it's in\n", stderr: expect.stringMatching(/^\d\n$/) as string },
    });
  });

  it("takes any script and any input unchanged", async () => {
    const text = fc.string({ unit: "binary", maxLength: 200 }).filter((text) => !text.includes("\0"));
    await fc.assert(
      fc.asyncProperty(text, fc.string({ maxLength: 1000 }), async (text, stdin) => {
        const script = `printf %s '${text.replaceAll("'", `'"'"'`)}' && cat`;
        expect(await run(script, { stdin })).toMatchObject({ value: { stdout: text + stdin } });
      }),
      { numRuns: 4 },
    );
  });

  it("is set up as any other, and its runner outlives the connection", async () => {
    await using local = await makeLocalGuest();
    await using plane = await makeHttpRecorder();
    sshd.env = local.env;
    const runner = { kind: "script" as const, script: "exit 3", shell: "/bin/bash" as const };
    const bootstrap = bootstrapSchema.parse({
      vmName: "n",
      jobId: null,
      publicUrl: plane.url,
      vmToken: "t",
      env: {},
      runner,
    });
    const subject = { vmId: "0123456789abcdef", attempt: 1, ip: null, signal };
    expect(await provision(guest(), bootstrap, subject)).toEqual({ ok: true, value: undefined });
    await plane.count(1);
    expect(plane.heard[0]?.query).toEqual({ phase: "runner_exited", rc: "3" });
    expect(await readScriptResult(guest(), { signal })).toMatchObject({ value: { exitCode: 3 } });
  });

  it("calls a command that a signal ended 255, as `tart exec` does", async () => {
    expect(await run("kill -KILL $PPID; kill -KILL $$")).toMatchObject({ value: { exitCode: 255 } });
  });

  it("lets in by key, by password, and by a question for it", async () => {
    const key = { password: undefined, privateKey: new Secret(keys.private) };
    expect(await run("true", {}, key)).toMatchObject({ value: { exitCode: 0 } });
    sshd.asks = "keyboard-interactive";
    expect(await run("true")).toMatchObject({ value: { exitCode: 0 } });
  });

  it("that refuses the login says so", async () => {
    expect(await run("true", {}, { password: new Secret("wrong") })).toMatchObject({
      failure: { class: "refused" },
    });
    expect(sshd.commands).toEqual([]);
  });

  it("that is not there certainly ran nothing", async () => {
    const port = sshd.port;
    await sshd[Symbol.asyncDispose]();
    expect(await run("true", {}, { port })).toMatchObject({ failure: { class: "unreachable" } });
    sshd = await makeSshServer();
  });

  it("whose connection breaks leaves the outcome unknown", async () => {
    sshd.behaviour = "drop";
    expect(await run("true")).toMatchObject({ failure: { class: "outcome_unknown" } });
  });

  it("is waited for no longer than was said, or wished", async () => {
    sshd.behaviour = "hang";
    expect(await run("true", { timeoutSeconds: 1 })).toMatchObject({ failure: { class: "timed_out" } });
    const abort = new AbortController();
    const running = run("true", { signal: abort.signal });
    await until(() => sshd.commands.length === 2);
    abort.abort();
    expect(await running).toMatchObject({ failure: { class: "cancelled" } });
    await until(() => sshd.connections.size === 0);
    expect(await run("true", { signal: abort.signal })).toMatchObject({ failure: { class: "cancelled" } });
  });
});
