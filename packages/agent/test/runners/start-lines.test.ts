import { reveal, runnerSchema, type RevealedRunner } from "@tartfleet/shared";
import { execa } from "execa";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { planRunner } from "../../src/runners/index.ts";
import { registrationName } from "../../src/runners/plan.ts";
import { makeLocalGuest, type LocalGuest } from "../guest/local-guest.ts";

const SECRET = "runner-secret-that-nobody-may-see";
const NAME = "build-42-0123456789abcdef";

let guest: LocalGuest;
beforeEach(async () => {
  guest = await makeLocalGuest();
  const tell = `#!/bin/sh\nfor word in "$0" "$@"; do printf '[%s]' "\${word##*/}"; done; echo\n`;
  for (const name of ["gitlab-runner", "buildkite-agent", "java", "circleci-runner"]) {
    await guest.program(name, `${tell}env | grep -E '^(CI_SERVER_TOKEN|BUILDKITE_|CIRCLECI_)' | sort\n`);
  }
  const azure = `${tell}env | grep -E '^(VSO_AGENT_|VSTS_AGENT_|xcode)' | sort\n`;
  await guest.write("azure-pipelines-agent/config.sh", azure, 0o755);
  await guest.write("azure-pipelines-agent/run.sh", `${azure}exit 3\n`, 0o755);
});
afterEach(async () => {
  await guest[Symbol.asyncDispose]();
});

/** What the program that a runner's start lines end in was given, and whether its secret is still a file. */
async function started(runner: RevealedRunner) {
  const plan = planRunner(runner, NAME);
  for (const { name, content } of plan.files) await guest.write(`.tartfleet/${name}`, content);
  const head = `home=$HOME dir=$HOME/.tartfleet\n`;
  const { stdout, exitCode } = await execa("/bin/bash", ["-c", head + plan.start], {
    env: guest.env,
    extendEnv: false,
    reject: false,
  });
  const left = await guest.file(".tartfleet/runner-secret").catch(() => undefined);
  return { said: stdout.split("\n"), exitCode, left, text: plan.start + plan.prepare + plan.check };
}

describe("start lines", () => {
  it("of GitLab take one job and exit", async () => {
    const { said, left, text } = await started({
      kind: "gitlab",
      url: "https://gitlab.example/?a=1&b='2'",
      token: SECRET,
      waitTimeoutSeconds: 300,
    });
    expect(said).toEqual([
      `[gitlab-runner][run-single][--url][?a=1&b='2'][--name][${NAME}][--executor][shell][--max-builds][1][--wait-timeout][300]`,
      `CI_SERVER_TOKEN=${SECRET}`,
    ]);
    expect(left).toBeUndefined();
    expect(text).not.toContain(SECRET);
  });

  it("of Buildkite take one job of the queue, or exactly the one that is given", async () => {
    const builds = `BUILDKITE_BUILD_PATH=${guest.home}/.buildkite-agent/builds`;
    const queue = await started({ kind: "buildkite", token: SECRET, queue: "mac" });
    expect(queue.said).toEqual([
      `[buildkite-agent][start][--name][${NAME}][--tags][queue=mac][--disconnect-after-job]`,
      `BUILDKITE_AGENT_TOKEN=${SECRET}`,
      builds,
    ]);
    expect(queue.left).toBeUndefined();
    await guest.write(".buildkite-agent/buildkite-agent.cfg", "");
    const endpoint = "https://agent.example.com/v3";
    const patient = await started({ kind: "buildkite", token: SECRET, endpoint, idleTimeoutSeconds: 600 });
    expect(patient.said[0]).toBe(
      `[buildkite-agent][start][--name][${NAME}][--endpoint][v3][--disconnect-after-job][--disconnect-after-idle-timeout][600]`,
    );
    const acquireJob = "0b2f7c66-8d3c-4c47-9d43-8fbb9a5f0c11";
    const acquired = await started({ kind: "buildkite", token: SECRET, acquireJob });
    expect(acquired.said).toEqual([
      `[buildkite-agent][start][--name][${NAME}][--acquire-job][${acquireJob}]`,
      `BUILDKITE_AGENT_TOKEN=${SECRET}`,
    ]);
  });

  const azure = {
    kind: "azure",
    url: "https://dev.azure.com/acme",
    token: SECRET,
    pool: "Macs",
    unregister: true,
  } as const;
  const configured = `[config.sh][--unattended][--url][acme][--auth][pat][--pool][Macs][--agent][${NAME}][--replace][--work][_work]`;

  it("of Azure register, take one job and leave the pool, and end as the agent did", async () => {
    await guest.write(".tartfleet/job.env", "export DEPLOY_KEY='a\nb'\nexport LANG='C'\n");
    const { said, left, exitCode } = await started({ ...azure, capabilities: { xcode: "it's 16" } });
    const shown = ["VSO_AGENT_IGNORE=DEPLOY_KEY,LANG,"];
    const token = `VSTS_AGENT_INPUT_TOKEN=${SECRET}`;
    expect(said).toEqual([
      configured,
      ...shown,
      token,
      "xcode=it's 16",
      "[run.sh][--once]",
      ...shown,
      "xcode=it's 16",
      "[config.sh][remove][--unattended][--auth][pat]",
      ...shown,
      token,
      "xcode=it's 16",
    ]);
    expect([left, exitCode]).toEqual([undefined, 3]);
  });

  it("of Azure keep nothing of the token while a job may run, where another removes the agent", async () => {
    await guest.write("azure-pipelines-agent/run.sh", "#!/bin/sh\nenv; ls -A ~/.tartfleet\n", 0o755);
    const { said } = await started({ ...azure, unregister: false });
    expect(said.filter((line) => line.includes(SECRET))).toEqual([`VSTS_AGENT_INPUT_TOKEN=${SECRET}`]);
    expect(said).not.toContain("runner-secret");
    expect(said.join("\n")).not.toContain("[remove]");
  });

  it("of Azure start nothing that could not be registered", async () => {
    await guest.write("azure-pipelines-agent/config.sh", "#!/bin/sh\nexit 1\n", 0o755);
    expect(await started(azure)).toMatchObject({ said: [""], exitCode: 1 });
  });

  it("of CircleCI take one task by a file of settings, the token by the environment", async () => {
    const { said, left } = await started({
      kind: "circleci",
      token: SECRET,
      url: "https://ci.example/$(false)",
      idleTimeoutSeconds: 300,
    });
    expect(said).toEqual([
      "[circleci-runner][machine][-c][circleci-runner.yaml]",
      `CIRCLECI_RUNNER_API_AUTH_TOKEN=${SECRET}`,
      `CIRCLECI_RUNNER_WORK_DIR=${guest.home}/circleci-runner`,
    ]);
    expect(JSON.parse(await guest.file(".tartfleet/circleci-runner.yaml"))).toEqual({
      api: { url: "https://ci.example/$(false)" },
      runner: { name: NAME, mode: "single-task", idle_timeout: "300s" },
    });
    expect(left).toBeUndefined();
  });

  it("of Jenkins name the secret's file, which must outlast them", async () => {
    await guest.write("jenkins/agent.jar", "");
    const { said, left } = await started({
      kind: "jenkins",
      url: "https://ci.example",
      secret: SECRET,
      name: "n 1",
    });
    expect(said).toEqual([
      "[java][-jar][agent.jar][-url][ci.example][-name][n 1][-webSocket][-noReconnect][-secret][runner-secret][-workDir][jenkins]",
    ]);
    expect(left).toBe(SECRET);
    const patient = await started({
      kind: "jenkins",
      url: "https://ci.example",
      secret: SECRET,
      name: "n 1",
      reconnectSeconds: 600,
    });
    expect(patient.said[0]).toContain("[-webSocket][-noReconnectAfter][600s][-secret]");
  });

  it("run a script by the shell that was asked for, in the home directory", async () => {
    const { said } = await started({ kind: "script", script: "pwd; echo $0", shell: "/bin/sh" });
    expect(said).toEqual([guest.home, `${guest.home}/.tartfleet/script`]);
  });

  it("hold no secret of any runner", () => {
    const word = fc.stringMatching(/^[!-~]{8,40}$/);
    const runner = fc.oneof(
      fc.record({ kind: fc.constant("github"), jitConfig: word }),
      fc.record({
        kind: fc.constant("github"),
        url: fc.constant("https://github.com/o"),
        registrationToken: word,
      }),
      fc.record({ kind: fc.constant("gitlab"), url: fc.constant("https://g.example"), token: word }),
      fc.record({ kind: fc.constant("buildkite"), token: word }),
      fc.record({
        kind: fc.constant("jenkins"),
        url: fc.constant("https://j.example"),
        secret: word,
        name: fc.constant("n"),
      }),
      fc.record({
        kind: fc.constant("azure"),
        url: fc.constant("https://dev.azure.com/o"),
        token: word,
        pool: fc.constant("p"),
      }),
      fc.record({ kind: fc.constant("circleci"), token: word }),
    );
    fc.assert(
      fc.property(runner, (input) => {
        const secret = Object.entries(input).find(([key]) => /jit|oken|secret/.test(key))?.[1] ?? "";
        const plan = planRunner(reveal(runnerSchema.parse(input)), NAME);
        expect(plan.start + plan.check + plan.prepare).not.toContain(secret);
        const [file, ...others] = plan.files;
        expect(file).toEqual({ name: "runner-secret", mode: "0400", content: secret });
        expect(JSON.stringify(others)).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
    );
  });
});

describe("the name a runner registers under", () => {
  it("holds the VM's id and fits GitHub's 64 characters", () => {
    const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    const id = fc.stringMatching(/^[a-z0-9]{16}$/);
    fc.assert(
      fc.property(name, id, (name, id) => {
        const registered = registrationName(name, id);
        expect(registered).toContain(id);
        expect(registered.length).toBeLessThanOrEqual(64);
        expect(registered).toMatch(/^[a-z0-9][a-z0-9-]*[a-z0-9]$/);
      }),
    );
  });
});
