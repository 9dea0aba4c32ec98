import { guestEventSchema } from "@tartfleet/shared";
import { execa } from "execa";
import * as fc from "fast-check";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assignments } from "../../src/guest/shell.ts";
import { makeHttpRecorder, type HttpRecorder } from "./http-recorder.ts";
import { allArguments, makeLocalGuest, type LocalGuest } from "./local-guest.ts";

const SCRIPTS = fileURLToPath(new URL("../../guest/", import.meta.url));
const TOKEN = "vm-token-that-nobody-may-see";

describe("the scripts placed into guests", async () => {
  const names = await readdir(SCRIPTS);

  it.each(names)("%s is a shell script that bash and sh can read", async (name) => {
    expect(name).toMatch(/\.sh$/);
    await execa("bash", ["-n", SCRIPTS + name]);
    await execa("sh", ["-n", SCRIPTS + name]);
  });

  it.each(names)("%s turns off `-e` and `-x` before anything else", async (name) => {
    const lines = (await readFile(SCRIPTS + name, "utf8")).split("\n");
    expect(lines.find((line) => !/^(#|$)/.test(line))).toBe("{ set +ex; } 2>/dev/null");
  });

  it.each(names)("%s uses nothing that bash 3.2 lacks", async (name) => {
    const text = await readFile(SCRIPTS + name, "utf8");
    expect(text).not.toMatch(/declare -A|mapfile|readarray|\$\{\w+(,,|\^\^|@)|&>>|\|&|wait -n|\bcoproc\b/);
  });
});

describe("job-started.sh", () => {
  let guest: LocalGuest;
  let plane: HttpRecorder;

  beforeEach(async () => {
    [guest, plane] = await Promise.all([makeLocalGuest(), makeHttpRecorder()]);
    const values = { TARTFLEET_URL: plane.url, TARTFLEET_VM_ID: "0123456789abcdef" };
    await guest.write(".tartfleet/vm.env", assignments(values));
    await guest.write(".tartfleet/token", TOKEN, 0o400);
    await guest.write(".tartfleet/job-started.sh", await readFile(`${SCRIPTS}job-started.sh`, "utf8"));
  });

  afterEach(async () => {
    await guest[Symbol.asyncDispose]();
    await plane[Symbol.asyncDispose]();
  });

  const started = async (env: Record<string, string>) =>
    await execa("bash", ["-e", `${guest.home}/.tartfleet/job-started.sh`], {
      env: { ...guest.env, ...env },
      extendEnv: false,
      reject: false,
      all: true,
    });

  it("says which job runs", async () => {
    let seen = "";
    plane.onRequest = async () => {
      seen = await allArguments();
    };
    const done = await started({
      GITHUB_RUN_ID: "123456789",
      GITHUB_RUN_ATTEMPT: "2",
      GITHUB_JOB: "build",
      GITHUB_REPOSITORY: "org/repository",
    });
    expect(done).toMatchObject({ exitCode: 0, all: "" });
    const [request] = plane.heard;
    expect(request).toMatchObject({
      method: "POST",
      path: "/v1/vms/0123456789abcdef/events",
      authorization: `Bearer ${TOKEN}`,
      contentType: "application/json",
    });
    expect(guestEventSchema.parse(JSON.parse(request?.body ?? ""))).toEqual({
      type: "job_started",
      details: { runId: "123456789", runAttempt: "2", job: "build", repository: "org/repository" },
    });
    expect(seen).not.toContain(TOKEN);
  });

  it("makes valid events of whatever a job is called", async () => {
    const text = fc.string({ unit: "binary", maxLength: 400 }).filter((text) => !text.includes("\0"));
    await fc.assert(
      fc.asyncProperty(text, text, async (job, repository) => {
        plane.heard.length = 0;
        const done = await started({ GITHUB_JOB: job, GITHUB_REPOSITORY: repository });
        expect(done).toMatchObject({ exitCode: 0, all: "" });
        expect(plane.heard).toHaveLength(1);
        expect(guestEventSchema.safeParse(JSON.parse(plane.heard[0]?.body ?? ""))).toMatchObject({
          success: true,
        });
      }),
      { numRuns: 25 },
    );
  });

  it("keeps quotes and backslashes of a name", async () => {
    await started({ GITHUB_JOB: String.raw`say "hi" \ bye` });
    expect(JSON.parse(plane.heard[0]?.body ?? "")).toMatchObject({
      details: { job: String.raw`say "hi" \ bye` },
    });
  });

  it("never fails a job, whatever the control plane answers", async () => {
    plane.otherwise = 500;
    expect(await started({})).toMatchObject({ exitCode: 0, all: "" });
    expect(plane.heard).toHaveLength(2);
  });
});
