import { bootstrapSchema, type RevealedRunner } from "@tartfleet/shared";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Guest, GuestRunOptions } from "../../src/guest/guest.ts";
import { provision } from "../../src/guest/provision.ts";
import { readScriptResult, requestShutdown } from "../../src/guest/results.ts";
import { ok } from "../../src/tart/result.ts";
import { makeHttpRecorder, until, type HttpRecorder } from "./http-recorder.ts";
import { makeLocalGuest, type LocalGuest } from "./local-guest.ts";

const { signal } = new AbortController();

let guest: LocalGuest;
let plane: HttpRecorder;

beforeEach(async () => {
  [guest, plane] = await Promise.all([makeLocalGuest(), makeHttpRecorder()]);
});

afterEach(async () => {
  await guest[Symbol.asyncDispose]();
  await plane[Symbol.asyncDispose]();
});

const script = (text: string): RevealedRunner => ({ kind: "script", script: text, shell: "/bin/bash" });

async function provisioned({ runner, noJobSeconds }: { runner: RevealedRunner; noJobSeconds?: number }) {
  const bootstrap = bootstrapSchema.parse({
    vmName: "build-42",
    jobId: "job-42",
    publicUrl: plane.url,
    vmToken: "t",
    env: {},
    runner,
    noJobSeconds,
  });
  return await provision(guest, bootstrap, { vmId: "0123456789abcdef", attempt: 1, ip: null, signal });
}

describe("a script as runner", () => {
  it("leaves its exit code and output, and ends the VM with it", async () => {
    await provisioned({ runner: script("echo out; echo err >&2; exit 7") });
    await plane.count(1);
    expect(plane.heard[0]?.query).toMatchObject({ phase: "runner_exited", rc: "7" });
    expect(await readScriptResult(guest, { signal })).toEqual({
      ok: true,
      value: { exitCode: 7, output: "out\nerr\n", truncated: false },
    });
  });

  it("has no exit code while it runs", async () => {
    await provisioned({
      runner: script("echo begun; touch ~/begun; while [ ! -e ~/go ]; do sleep 0.05; done"),
    });
    await until(async () => (await guest.file("begun").catch(() => "no")) === "");
    await until(async () => (await guest.file(".tartfleet/output.log")) === "begun\n");
    expect(await readScriptResult(guest, { signal })).toMatchObject({
      value: { exitCode: null, output: "begun\n" },
    });
  });

  it("keeps the last 64 KiB of a long output and says that it was cut", async () => {
    await provisioned({ runner: script("head -c 100000 /dev/zero | tr '\\0' x; echo; echo the end") });
    await plane.count(1);
    const result = await readScriptResult(guest, { signal });
    expect(result).toMatchObject({ ok: true, value: { exitCode: 0, truncated: true } });
    if (result.ok) expect(result.value.output).toMatch(/^x+\nthe end\n$/);
    if (result.ok) expect(Buffer.byteLength(result.value.output)).toBe(65_536);
  });

  it("does not fill the disk with what it prints", async () => {
    Object.assign(guest.env, { TARTFLEET_OUTPUT_LIMIT: "1000000" });
    await provisioned({ runner: script("head -c 20000000 /dev/zero | tr '\\0' x; echo the end") });
    await plane.count(1);
    const { stdout } = await execa("du", ["-sb", `${guest.home}/.tartfleet`]);
    expect(Number.parseInt(stdout, 10)).toBeLessThan(6_000_000);
    const result = await readScriptResult(guest, { signal });
    expect(result).toMatchObject({ ok: true, value: { truncated: true } });
    if (result.ok) expect(result.value.output).toMatch(/xxxthe end\n$/);
  });

  it("loses no line of what it prints, however often the output is cut", async () => {
    Object.assign(guest.env, { TARTFLEET_OUTPUT_LIMIT: "300000" });
    await provisioned({ runner: script("seq 1 2000000; echo the end") });
    await plane.count(1);
    const result = await readScriptResult(guest, { signal });
    expect(await guest.file(".tartfleet/output.old")).toMatch(/^\[tartfleet: older output was dropped\]\n/);
    const lines = result.ok ? result.value.output.trimEnd().split("\n").slice(1) : [];
    expect(lines.pop()).toBe("the end");
    const numbers = lines.map(Number);
    expect(numbers.at(-1)).toBe(2_000_000);
    for (const [index, number] of numbers.entries()) expect(number).toBe((numbers[0] ?? 0) + index);
  });

  it("goes on when the session that started it hangs up", async () => {
    await provisioned({ runner: script("touch ~/begun; while [ ! -e ~/go ]; do sleep 0.02; done") });
    await until(async () => (await guest.file("begun").catch(() => "no")) === "");
    const hangUp = 'pkill -HUP -f "$HOME/.tartfleet/supervise.sh"; touch ~/go';
    await guest.run(hangUp, { timeoutSeconds: 5, signal });
    await plane.count(1);
    expect(plane.heard[0]?.query).toMatchObject({ phase: "runner_exited", rc: "0" });
  });

  it("tells the end also when the supervisor is told to stop, but not before the runner ended", async () => {
    await provisioned({
      runner: script("trap 'sleep 0.2; exit 9' TERM; touch ~/begun; while :; do sleep 0.02; done"),
    });
    await until(async () => (await guest.file("begun").catch(() => "no")) === "");
    await guest.run('pkill -TERM -f "$HOME/.tartfleet/supervise.sh"', { timeoutSeconds: 5, signal });
    await plane.count(1);
    expect(plane.heard[0]?.query).toMatchObject({ phase: "runner_exited", rc: "9" });
  });

  it("is heard once the control plane is back", async () => {
    await guest.program("sleep", "#!/bin/sh\nexec /bin/sleep 0.05\n");
    plane.answers.push(503, 503);
    await provisioned({ runner: script("exit 0") });
    await plane.count(3);
    expect(plane.heard.map(({ query }) => query["phase"])).toEqual(Array(3).fill("runner_exited"));
  });
});

describe("a control plane that never comes back", () => {
  it("is asked many times, then the guest shuts itself down", async () => {
    await guest.program("sleep", "#!/bin/sh\nexec /bin/sleep 0.01\n");
    plane.otherwise = 503;
    await provisioned({ runner: script("exit 0") });
    await until(async () => (await guest.file("power.log").catch(() => "")) === "shutdown -h now\n");
    expect(plane.heard).toHaveLength(20);
    expect(await guest.file(".tartfleet/exit-code")).toBe("0\n");
  });
});

describe("a guest's shutdown", () => {
  it("is asked of its own system", async () => {
    expect(await requestShutdown(guest, { signal })).toEqual({ ok: true, value: undefined });
    await until(async () => (await guest.file("power.log").catch(() => "")) === "shutdown -h now\n");
  });
});

describe("a way into the guest that loses output", () => {
  /** Loses the end of what the first commands say. */
  const lossy = (losses: number): Guest => ({
    via: "exec",
    async run(text: string, options: GuestRunOptions) {
      const ran = await guest.run(text, options);
      losses -= 1;
      return ran.ok && losses >= 0 ? ok({ ...ran.value, stdout: ran.value.stdout.slice(0, -10) }) : ran;
    },
  });

  beforeEach(async () => {
    await provisioned({ runner: script("echo a long enough output") });
    await plane.count(1);
  });

  it("is asked again for a result", async () => {
    expect(await readScriptResult(lossy(2), { signal })).toMatchObject({
      value: { exitCode: 0, output: "a long enough output\n" },
    });
  });

  it("never passes half a result off as a whole one", async () => {
    expect(await readScriptResult(lossy(3), { signal })).toMatchObject({
      failure: { class: "outcome_unknown" },
    });
  });
});

describe("a runner to which no job comes", () => {
  const github: RevealedRunner = { kind: "github", jitConfig: "config" };
  const listener = (body: string) =>
    guest.write("actions-runner/run.sh", `#!/bin/bash\ntrap 'exit 3' TERM\n${body}\n`, 0o755);

  it("is stopped by its own guest after so long, which says why", async () => {
    await listener("while :; do sleep 0.05; done");
    await provisioned({ runner: github, noJobSeconds: 1 });
    await plane.count(1);
    expect(plane.heard[0]?.query).toMatchObject({ phase: "runner_exited", cause: "no_job", rc: "3" });
  });

  it("is left alone once its hook has run, also when the control plane could not be told", async () => {
    await listener("bash ~/.tartfleet/job-started.sh\nfor n in 1 2 3 4 5; do sleep 0.5; done\nexit 0");
    plane.onRequest = async () => {};
    await provisioned({ runner: github, noJobSeconds: 1 });
    await plane.count(2);
    const [started, exited] = plane.heard;
    expect(started?.method).toBe("POST");
    expect(exited?.query).toMatchObject({ phase: "runner_exited", rc: "0" });
    expect(exited?.query).not.toHaveProperty("cause");
  });

  it("is left alone while it sets a job up, however long that takes", async () => {
    await guest.write(
      "actions-runner/bin/Runner.Worker",
      "#!/bin/bash\nsleep 3\nbash ~/.tartfleet/job-started.sh\n",
      0o755,
    );
    await listener("bash ~/actions-runner/bin/Runner.Worker\nexit 0");
    await provisioned({ runner: github, noJobSeconds: 1 });
    await plane.count(2);
    expect(plane.heard[1]?.query).toMatchObject({ phase: "runner_exited", rc: "0" });
    expect(plane.heard[1]?.query).not.toHaveProperty("cause");
  });

  it("is killed when it does not heed that it is told to stop", async () => {
    Object.assign(guest.env, { TARTFLEET_IDLE_TERM_SECONDS: "1" });
    await guest.write(
      "actions-runner/run.sh",
      "#!/bin/bash\ntrap '' TERM\nwhile :; do sleep 0.05; done\n",
      0o755,
    );
    await provisioned({ runner: github, noJobSeconds: 1 });
    await plane.count(1);
    expect(plane.heard[0]?.query).toMatchObject({ phase: "runner_exited", cause: "no_job", rc: "137" });
  });

  it("waits for ever when nothing was said", async () => {
    await listener("sleep 1.5\nexit 0");
    await provisioned({ runner: github });
    await plane.count(1);
    expect(plane.heard[0]?.query).toMatchObject({ phase: "runner_exited", rc: "0" });
    expect(plane.heard[0]?.query).not.toHaveProperty("cause");
  });
});
