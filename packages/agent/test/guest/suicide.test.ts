import { deleteVmQuerySchema } from "@tartfleet/shared";
import * as fc from "fast-check";
import { execa } from "execa";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assignments } from "../../src/guest/shell.ts";
import { identity, makeTlsFront } from "../support/tls-front.ts";
import { makeHttpRecorder, type HttpRecorder } from "./http-recorder.ts";
import { allArguments, makeLocalGuest, type LocalGuest } from "./local-guest.ts";

const SCRIPT = new URL("../../guest/suicide.sh", import.meta.url);
const TOKEN = "vm-token-that-nobody-may-see";
const VM = { TARTFLEET_VM_ID: "0123456789abcdef", TARTFLEET_IP: "192.168.64.7", TARTFLEET_EXIT_PAUSE: "0" };

let guest: LocalGuest;
let plane: HttpRecorder;

beforeEach(async () => {
  [guest, plane] = await Promise.all([makeLocalGuest(), makeHttpRecorder()]);
  await guest.write(".tartfleet/suicide.sh", await readFile(SCRIPT, "utf8"), 0o755);
  await guest.write(".tartfleet/token", TOKEN, 0o400);
  await settings({});
});

afterEach(async () => {
  await guest[Symbol.asyncDispose]();
  await plane[Symbol.asyncDispose]();
});

async function settings(more: Record<string, string>): Promise<void> {
  await guest.write(".tartfleet/vm.env", assignments({ TARTFLEET_URL: plane.url, ...VM, ...more }), 0o600);
}

async function suicide(shell: string[], ...args: string[]) {
  const [program = "/bin/bash", ...flags] = shell;
  return await execa(program, [...flags, `${guest.home}/.tartfleet/suicide.sh`, ...args], {
    env: { ...guest.env, RUNNER_TRACKING_ID: "github_1" },
    extendEnv: false,
    reject: false,
    all: true,
  });
}

describe("suicide.sh in a runner's hook", () => {
  it.each([
    ["bash", "-e"],
    ["sh", "-e"],
    ["bash", "-ex"],
  ])("announces the end and succeeds, run by %s %s", async (...shell) => {
    await settings({ TARTFLEET_JOB_ID: "job/4711?x=&y" });
    const done = await suicide(shell);
    expect(done.exitCode).toBe(0);
    expect(done.all).toBe("tartfleet: the end of this VM is announced");
    expect(plane.heard).toHaveLength(1);
    const [request] = plane.heard;
    expect(request).toMatchObject({
      method: "DELETE",
      path: "/v1/vms/0123456789abcdef",
      authorization: `Bearer ${TOKEN}`,
      contentType: undefined,
      body: "",
    });
    expect(deleteVmQuerySchema.parse(request?.query)).toEqual({
      phase: "job_hook",
      ip: "192.168.64.7",
      jobId: "job/4711?x=&y",
    });
  });

  it("lets any job id arrive unchanged", async () => {
    const jobId = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 255,
    });
    await fc.assert(
      fc.asyncProperty(jobId, async (jobId) => {
        plane.heard.length = 0;
        await settings({ TARTFLEET_JOB_ID: jobId });
        await suicide(["bash", "-e"]);
        expect(plane.heard.map(({ query }) => query["jobId"])).toEqual([jobId]);
      }),
      { numRuns: 20 },
    );
  });

  it("keeps the token out of every process's arguments", async () => {
    let seen = "";
    plane.onRequest = async () => {
      seen += await allArguments();
    };
    await suicide(["bash", "-e"], "job_hook");
    expect(seen).toContain("curl");
    expect(seen).not.toContain(TOKEN);
  });

  it.each([409, 404, 410, 200])("takes %i for an answer", async (status) => {
    plane.otherwise = status;
    expect((await suicide(["bash", "-e"])).exitCode).toBe(0);
    expect(plane.heard).toHaveLength(1);
  });

  it("tries twice and leaves the job alone when the control plane is down", async () => {
    plane.otherwise = 503;
    const done = await suicide(["bash", "-e"]);
    expect(done.exitCode).toBe(0);
    expect(done.all.split("\n")).toHaveLength(1);
    expect(done.all).not.toContain(plane.url);
    expect(plane.heard).toHaveLength(2);
    await expect(guest.file("power.log")).rejects.toThrow("ENOENT");
  });

  it.each(["that of another", "none", "a file that is not there"])(
    "says nothing to somebody whose certificate it was not given, but %s",
    async (which) => {
      const [own, other] = await Promise.all([identity(), identity()]);
      await using middle = await makeTlsFront(plane.url, other);
      await guest.write(".tartfleet/ca.pem", own.cert);
      const file = { "that of another": "ca.pem", none: "" }[which] ?? "not-there.pem";
      const path = file === "" ? "" : `${guest.home}/.tartfleet/${file}`;
      await settings({ TARTFLEET_URL: middle.url, TARTFLEET_CA_FILE: path });
      const done = await suicide(["bash", "-e"]);
      expect([done.exitCode, done.all]).toEqual([0, expect.stringContaining("it will be told later")]);
      expect([middle.heard(), plane.heard]).toEqual(["", []]);
    },
  );

  it("succeeds even where nothing was set up", async () => {
    await guest.run("rm ~/.tartfleet/vm.env ~/.tartfleet/token", {
      timeoutSeconds: 5,
      signal: new AbortController().signal,
    });
    const done = await suicide(["sh", "-e"]);
    expect(done.exitCode).toBe(0);
    expect(done.all.split("\n")).toHaveLength(1);
  });
});

describe("suicide.sh after the runner's exit", () => {
  it("asks until it is heard", async () => {
    plane.answers.push(503, 500, 503, 429);
    const done = await suicide(["bash"], "runner_exited", "7");
    expect(done.exitCode).toBe(0);
    expect(plane.heard).toHaveLength(5);
    expect(deleteVmQuerySchema.parse(plane.heard.at(-1)?.query)).toEqual({
      phase: "runner_exited",
      rc: 7,
      ip: "192.168.64.7",
    });
    await expect(guest.file("power.log")).rejects.toThrow("ENOENT");
  });

  it("shuts the VM down when it is never heard", async () => {
    await settings({ TARTFLEET_EXIT_TRIES: "4" });
    plane.otherwise = 503;
    const done = await suicide(["bash"], "runner_exited", "0");
    expect(done.exitCode).toBe(0);
    expect(plane.heard).toHaveLength(4);
    expect(await guest.file("power.log")).toBe("shutdown -h now\n");
    expect(done.all).not.toContain(TOKEN);
  });

  it("shuts the VM down without sudo where there is none", async () => {
    await settings({ TARTFLEET_EXIT_TRIES: "1", TARTFLEET_URL: "http://127.0.0.1:1" });
    await guest.program("sudo", "#!/bin/sh\nexit 1\n");
    await suicide(["bash"], "runner_exited", "0");
    expect(await guest.file("power.log")).toBe("shutdown -h now\n");
  });
});
