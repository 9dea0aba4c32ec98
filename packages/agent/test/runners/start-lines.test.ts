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
  for (const name of ["gitlab-runner", "buildkite-agent", "java"]) {
    await guest.program(name, `${tell}env | grep -E '^(CI_SERVER_TOKEN|BUILDKITE_)' | sort\n`);
  }
});
afterEach(async () => {
  await guest[Symbol.asyncDispose]();
});

/** What the program that a runner's start lines end in was given, and whether its secret is still a file. */
async function started(runner: RevealedRunner) {
  const plan = planRunner(runner, NAME);
  for (const { name, content } of plan.files) await guest.write(`.tartfleet/${name}`, content);
  const head = `home=$HOME dir=$HOME/.tartfleet\n`;
  const { stdout } = await execa("/bin/bash", ["-c", head + plan.start], {
    env: guest.env,
    extendEnv: false,
  });
  const left = await guest.file(".tartfleet/runner-secret").catch(() => undefined);
  return { said: stdout.split("\n"), left, text: plan.start + plan.prepare + plan.check };
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
    const acquireJob = "0b2f7c66-8d3c-4c47-9d43-8fbb9a5f0c11";
    const acquired = await started({ kind: "buildkite", token: SECRET, acquireJob });
    expect(acquired.said).toEqual([
      `[buildkite-agent][start][--name][${NAME}][--acquire-job][${acquireJob}]`,
      `BUILDKITE_AGENT_TOKEN=${SECRET}`,
    ]);
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
    );
    fc.assert(
      fc.property(runner, (input) => {
        const secret = Object.entries(input).find(([key]) => /jit|oken|secret/.test(key))?.[1] ?? "";
        const plan = planRunner(reveal(runnerSchema.parse(input)), NAME);
        expect(plan.start + plan.check + plan.prepare).not.toContain(secret);
        expect(plan.files).toEqual([{ name: "runner-secret", mode: "0400", content: secret }]);
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
