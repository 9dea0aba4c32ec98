import {
  bootstrapSchema,
  guestEventSchema,
  Secret,
  type Bootstrap,
  type Revealed,
  type RevealedRunner,
} from "@tartfleet/shared";
import { execa } from "execa";
import * as fc from "fast-check";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { provision } from "../../src/guest/provision.ts";
import { readScriptResult } from "../../src/guest/results.ts";
import { identity, makeTlsFront } from "../support/tls-front.ts";
import { makeHttpRecorder, until, type HttpRecorder } from "./http-recorder.ts";
import { allArguments, makeLocalGuest, type LocalGuest } from "./local-guest.ts";

const TOKEN = "vm-token-that-nobody-may-see";
const SECRET = "runner-secret-that-nobody-may-see";
const subject = { vmId: "0123456789abcdef", attempt: 1, ip: "192.168.64.7" };
const { signal } = new AbortController();

/** A runner like GitHub's in what matters: reads `.env` raw, runs its hooks by `bash -e`, exits with 0. */
const GITHUB_RUNNER = `#!/bin/bash
cd "$(dirname "$0")"
echo run >>"$HOME/runs.log"
printf '%s' "$ACTIONS_RUNNER_INPUT_JITCONFIG" >"$HOME/jit.seen"
unset ACTIONS_RUNNER_INPUT_JITCONFIG
while IFS= read -r line; do export "\${line%%=*}=\${line#*=}"; done <.env
export GITHUB_RUN_ID=42 GITHUB_RUN_ATTEMPT=1 GITHUB_JOB=build GITHUB_REPOSITORY=org/repo
bash -e "$ACTIONS_RUNNER_HOOK_JOB_STARTED" >>"$HOME/hooks.out" 2>&1 || echo "started hook failed" >>"$HOME/runs.log"
env -0 >"$HOME/job.env.seen"
while [ -e "$HOME/busy" ]; do sleep 0.05; done
bash -e "$ACTIONS_RUNNER_HOOK_JOB_COMPLETED" >>"$HOME/hooks.out" 2>&1 || echo "completed hook failed" >>"$HOME/runs.log"
echo completed >>"$HOME/runs.log"
`;

let guest: LocalGuest;
let plane: HttpRecorder;

beforeEach(async () => {
  [guest, plane] = await Promise.all([makeLocalGuest(), makeHttpRecorder()]);
});

afterEach(async () => {
  await guest[Symbol.asyncDispose]();
  await plane[Symbol.asyncDispose]();
});

function bootstrap(more: Partial<Revealed<Bootstrap>> = {}): Bootstrap {
  return bootstrapSchema.parse({
    vmName: "build-42",
    jobId: "job-42",
    publicUrl: `${plane.url}/`,
    vmToken: TOKEN,
    env: {},
    runner: { kind: "github", jitConfig: SECRET },
    ...more,
  });
}

const script = (text: string): RevealedRunner => ({ kind: "script", script: text, shell: "/bin/bash" });

async function provisioned(more: Partial<Revealed<Bootstrap>> = {}) {
  return await provision(guest, bootstrap(more), { ...subject, signal });
}

async function mode(path: string): Promise<string> {
  const { stdout } = await execa("stat", ["-c", "%a", `${guest.home}/${path}`]);
  return stdout;
}

it("speaks for the VM that took it over, not for the one that was kept warm", async () => {
  const forVm = { vmId: "fedcba9876543210", attempt: 2 };
  expect(await provisioned({ forVm, runner: null })).toMatchObject({ ok: true });
  const { stdout } = await execa("cat", [`${guest.home}/.tartfleet/vm.env`]);
  expect(stdout).toContain(`TARTFLEET_VM_ID='${forVm.vmId}'`);
  expect(stdout).toContain("TARTFLEET_ATTEMPT='2'");
});

describe("a guest with a GitHub runner", () => {
  beforeEach(async () => {
    await guest.write("actions-runner/run.sh", GITHUB_RUNNER, 0o755);
  });

  it("says so over TLS to the one whose certificate it was given", async () => {
    const own = await identity();
    await using front = await makeTlsFront(plane.url, own);
    expect(await provisioned({ publicUrl: front.url, caCertificate: own.cert })).toMatchObject({ ok: true });
    await plane.count(3);
    expect(await guest.file(".tartfleet/ca.pem")).toBe(own.cert);
    expect(front.heard()).toContain(`Bearer ${TOKEN}`);
    expect(front.visits()).toBe(3);
  });

  it("runs one job and says so: started, hook, exit, in this order", async () => {
    expect(await provisioned()).toEqual({ ok: true, value: undefined });
    await plane.count(3);
    expect(plane.heard.map(({ method, query }) => `${method} ${query["phase"] ?? ""}`)).toEqual([
      "POST ",
      "DELETE job_hook",
      "DELETE runner_exited",
    ]);
    expect(guestEventSchema.parse(JSON.parse(plane.heard[0]?.body ?? ""))).toMatchObject({
      details: { runId: "42", runAttempt: "1", job: "build", repository: "org/repo" },
    });
    expect(plane.heard[2]?.query).toEqual({
      phase: "runner_exited",
      rc: "0",
      ip: subject.ip,
      jobId: "job-42",
    });
    expect(await guest.file("runs.log")).toBe("run\ncompleted\n");
    expect(await guest.file("jit.seen")).toBe(SECRET);
  });

  it("keeps its files to the runner's user and removes the secret that was read", async () => {
    await guest.write("busy", "");
    await provisioned();
    await until(async () => (await guest.file("job.env.seen").catch(() => "")) !== "");
    const modes = ["", "/token", "/vm.env", "/suicide.sh", "/supervise.sh", "/job.env", "/start.sh"];
    expect(await Promise.all(modes.map((path) => mode(`.tartfleet${path}`)))).toEqual([
      "700",
      "400",
      "600",
      "755",
      "755",
      "600",
      "700",
    ]);
    await expect(guest.file(".tartfleet/runner-secret")).rejects.toThrow("ENOENT");
  });

  it("shows no secret in arguments, in hook output or in its logs", async () => {
    let seen = "";
    plane.onRequest = async () => {
      seen += await allArguments();
    };
    await provisioned({ env: { PASSWORD: "env-value-that-nobody-may-see" } });
    await plane.count(3);
    const logs = await Promise.all(
      ["hooks.out", ".tartfleet/output.log", ".tartfleet/supervise.log"].map((path) => guest.file(path)),
    );
    expect(seen).toContain("run.sh");
    for (const text of [seen, ...logs]) expect(text).not.toMatch(/that-nobody-may-see/);
    expect(logs.join("")).not.toContain(plane.url);
  });

  it("starts one runner, however often and by however many agents it is provisioned", async () => {
    await guest.write("busy", "");
    const results = await Promise.all([provisioned(), provisioned(), provisioned()]);
    results.push(await provisioned());
    expect(results.every(({ ok }) => ok)).toBe(true);
    await guest.run("rm ~/busy", { timeoutSeconds: 5, signal });
    await plane.count(3);
    await provisioned();
    expect(await guest.file("runs.log")).toBe("run\ncompleted\n");
    expect(plane.heard).toHaveLength(3);
  });

  it("starts one runner when agents die at any moment of it", async () => {
    await guest.write("busy", "");
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 60 }), async (milliseconds) => {
        const agent = new AbortController();
        const dying = provision(guest, bootstrap(), { ...subject, signal: agent.signal });
        await sleep(milliseconds);
        agent.abort();
        await dying;
      }),
      { numRuns: 15 },
    );
    expect(await provisioned()).toMatchObject({ ok: true });
    await until(async () => (await guest.file("runs.log").catch(() => "")) !== "");
    await guest.run("rm ~/busy", { timeoutSeconds: 5, signal });
    await until(async () => (await guest.file("runs.log")).includes("completed"));
    expect(await guest.file("runs.log")).toBe("run\ncompleted\n");
  });

  it("does nothing with half of its script", async () => {
    let whole = "";
    const listening = {
      ...guest,
      run: async (text: string, options: Parameters<typeof guest.run>[1]) => {
        whole = String(options.stdin);
        return await guest.run(text, { ...options, stdin: "" });
      },
    };
    await provision(listening, bootstrap(), { ...subject, signal });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 20 }), async (length) => {
        await guest.run('eval "$(cat)"', { stdin: whole.slice(0, length), timeoutSeconds: 10, signal });
        await expect(guest.file(".tartfleet/instance")).rejects.toThrow("ENOENT");
      }),
      { numRuns: 20 },
    );
  });

  it("believes nothing that the image brings along from another VM", async () => {
    await guest.write(".tartfleet/instance", "fedcba9876543210 1");
    await guest.write(".tartfleet/exit-code", "0");
    await guest.write(".tartfleet/started-fedcba9876543210-1/x", "");
    await guest.write("busy", "");
    await provisioned();
    await until(async () => (await guest.file("runs.log").catch(() => "")) !== "");
    expect(await readScriptResult(guest, { signal })).toMatchObject({ value: { exitCode: null } });
  });

  it("keeps the image's own hooks and .env", async () => {
    await guest.write("my hooks/started.sh", 'echo image-started >>"$HOME/runs.log"\n');
    await guest.write("my hooks/completed.sh", 'echo image-completed >>"$HOME/runs.log"; exit 3\n');
    await guest.write(
      "actions-runner/.env",
      `LANG=C\nACTIONS_RUNNER_HOOK_JOB_STARTED=${guest.home}/my hooks/started.sh\nACTIONS_RUNNER_HOOK_JOB_COMPLETED=${guest.home}/my hooks/completed.sh`,
    );
    await provisioned();
    await plane.count(3);
    expect(await guest.file("runs.log")).toBe(
      "run\nimage-started\nimage-completed\ncompleted hook failed\ncompleted\n",
    );
    expect(await guest.file("actions-runner/.env")).toContain("LANG=C\n");
  });

  it("registers by token, which is in no argument, under a name that is never used twice", async () => {
    await guest.write(
      "actions-runner/config.sh",
      '#!/bin/bash\nprintf "%s\\n" "$@" "token=$ACTIONS_RUNNER_INPUT_TOKEN" >"$HOME/config.seen"\n',
      0o755,
    );
    const url = "https://github.com/org";
    const labels = ["macos 15", "xcode"];
    await provisioned({ runner: { kind: "github", url, registrationToken: SECRET, labels, group: "G" } });
    await plane.count(3);
    const flags = "--unattended --ephemeral --disableupdate --replace --work _work";
    const name = "--name build-42-0123456789abcdef";
    expect((await guest.file("config.seen")).replaceAll("\n", " ")).toBe(
      `${flags} ${name} --url ${url} --labels macos 15,xcode --runnergroup G token=${SECRET} `,
    );
    expect(await guest.file("job.env.seen")).not.toContain(SECRET);
  });
});

describe("the environment of jobs", () => {
  const env = { PLAIN: "1", ODD: 'it\'s "two"\nlines\\ of $HOME `id` \t!', EMPTY: "" };

  it("reaches the runner and every later zsh unchanged, and is added to ~/.zshenv once", async () => {
    await guest.write(".zshenv", "export FROM_IMAGE=yes PLAIN=image");
    await provisioned({ env, runner: script('printf "%s|" "$PLAIN" "$ODD" "${EMPTY-unset}" "$FROM_IMAGE"') });
    await plane.count(1);
    const result = await readScriptResult(guest, { signal });
    const hasZsh = (await execa("zsh", ["-c", "true"], { reject: false })).exitCode === 0;
    expect(result).toMatchObject({ value: { output: `1|${env.ODD}||${hasZsh ? "yes" : ""}|` } });
    await provision(guest, bootstrap({ env, runner: null }), { ...subject, attempt: 2, signal });
    expect((await guest.file(".zshenv")).match(/job\.env/g)).toHaveLength(2);
    if (hasZsh) {
      const { stdout } = await execa("zsh", ["-c", "env -0"], { env: guest.env, extendEnv: false });
      expect(stdout.split("\0")).toEqual(expect.arrayContaining([`ODD=${env.ODD}`, "EMPTY=", "PLAIN=1"]));
    }
  });
});

describe("a guest without a runner", () => {
  it("has its scripts, and nothing is started", async () => {
    expect(await provisioned({ runner: null })).toMatchObject({ ok: true });
    await expect(guest.file(".tartfleet/output.log")).rejects.toThrow("ENOENT");
    await execa("bash", [`${guest.home}/.tartfleet/suicide.sh`], { env: guest.env, extendEnv: false });
    expect(plane.heard).toMatchObject([{ method: "DELETE", query: { phase: "job_hook" } }]);
  });
});

describe("an image without what the runner needs", () => {
  const runners: [RevealedRunner, string][] = [
    [{ kind: "github", jitConfig: SECRET }, "~/actions-runner"],
    [
      { kind: "gitlab", url: "https://gitlab.example", token: SECRET, waitTimeoutSeconds: 5 },
      "gitlab-runner",
    ],
    [{ kind: "buildkite", token: SECRET }, "buildkite-agent"],
    [
      { kind: "azure", url: "https://dev.azure.com/a", token: SECRET, pool: "p", unregister: true },
      "~/azure-pipelines-agent",
    ],
    [{ kind: "circleci", token: SECRET, idleTimeoutSeconds: 5 }, "circleci-runner"],
  ];

  it.each(runners)("says what to bake ($kind)", async (runner, what) => {
    const result = await provisioned({ runner });
    expect(result).toMatchObject({ ok: false, failure: { code: "runner_missing" } });
    expect(JSON.stringify(result)).toContain(what);
    expect(JSON.stringify(result)).not.toContain(SECRET);
    await expect(guest.file(".tartfleet/token")).rejects.toThrow("ENOENT");
  });

  it("says which shell of a script", async () => {
    const shell = "/bin/no-such-shell" as "/bin/sh";
    const runner = { kind: "script" as const, script: new Secret("true"), shell };
    const result = await provision(guest, { ...bootstrap(), runner }, { ...subject, signal });
    expect(result).toMatchObject({
      ok: false,
      failure: { code: "runner_missing", facts: { missing: shell } },
    });
  });

  it("says what to bake for Jenkins", async () => {
    await guest.program("java", "#!/bin/sh\n");
    const runner: RevealedRunner = { kind: "jenkins", url: "https://ci.example", secret: SECRET, name: "n" };
    expect(await provisioned({ runner })).toMatchObject({
      failure: { code: "runner_missing", message: expect.stringContaining("~/agent.jar") as string },
    });
  });
});

describe("a guest that cannot be written to", () => {
  it("is a failure that says so", async () => {
    await guest.write(".tartfleet", "a file in the way");
    await guest.program("rm", "#!/bin/sh\nexit 1\n");
    expect(await provisioned({ runner: script("true") })).toMatchObject({
      ok: false,
      failure: { code: "provision_failed" },
    });
  });
});
