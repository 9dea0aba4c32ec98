import { makeSimHost } from "@tartfleet/tart-sim";
import { execa } from "execa";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isInstalled } from "../src/check/programs.ts";
import { IMAGES_FOLDER } from "../src/folder.ts";
import { readReleases } from "../src/templates/release.ts";
import { guestChecks } from "../src/verify/guest-checks.ts";
import { reportText } from "../src/verify/report.ts";
import { verify } from "../src/verify/verify.ts";
import { contextOf, scratch } from "./support.ts";

const IMAGE = "registry.example.com/macos/built:1";
const TOOLS = ["brew", "git-lfs", "jq", "yq", "gh", "wget", "aws", "cmake", "mise", "node"];

/** tart-sim's guests are this macOS. */
const release = (await readReleases(IMAGES_FOLDER)).find(({ release }) => release === "sequoia")!;
const simulators = { platforms: ["iOS", "watchOS"], runtimes: [] };
const checks = await guestChecks({ folder: IMAGES_FOLDER, release, freeSpaceMb: 15_000, simulators });

/** What programs of macOS say in an image as it should be. */
const MACOS: Readonly<Record<string, string>> = {
  sw_vers: "case $1 in -productVersion) echo 15.6.1 ;; *) echo 24G90 ;; esac",
  launchctl: "exit 0",
  defaults: "case $* in *autoLoginUser) echo admin ;; *idleTime) echo 0 ;; esac",
  pmset: 'printf "System-wide power settings:\\n sleep                0\\n"',
  pgrep: "exit 1",
  sudo: 'if [ "$1" = -n ]; then shift; fi; exec "$@"',
  sysadminctl: "echo screenLock is off >&2",
  spctl: "echo assessments disabled; exit 1",
  fdesetup: "echo FileVault is Off.",
  csrutil: "echo System Integrity Protection status: enabled.",
  softwareupdate: "echo Automatic checking for updates is turned off",
  df: "echo header; echo /dev/disk3s1 100 50 40000 1%",
  java: "echo openjdk 21 >&2",
  ...Object.fromEntries(
    [...TOOLS, "git", "gitlab-runner", "buildkite-agent", "circleci-runner"].map((name) => [
      name,
      "echo 1.0",
    ]),
  ),
};

/** A guest's home and programs on this machine; one check after the other costs no VM. */
async function guest(programs: Readonly<Record<string, string>> = {}) {
  const own = await scratch();
  for (const [name, script] of Object.entries({ ...MACOS, ...programs })) await own.program(name, script);
  const shell = (await isInstalled("zsh")) ? {} : { zsh: 'exec /bin/bash "$@"' };
  for (const [name, script] of Object.entries(shell)) await own.program(name, script);
  return {
    ...own,
    async verdict(title: string) {
      const script = checks.find((check) => check.title === title)?.script ?? "exit 99";
      const env = { HOME: own.dir, PATH: own.path, LANG: "en_US.UTF-8" };
      return await execa("/bin/bash", ["-c", script], { env, extendEnv: false, reject: false });
    },
  };
}

test.each([
  ["macOS is the one of the restore image", { sw_vers: "echo 15.6" }, "expected macOS 15.6.1 (24G90)"],
  ["sudo asks for no password", { sudo: "exit 1" }, ""],
  ["somebody is logged in at the screen", { launchctl: "exit 113" }, ""],
  ["the login stays automatic", { defaults: "echo somebody" }, "as somebody"],
  ["the login stays automatic", { sudo: 'case "$*" in *sealed*) exit 0 ;; esac' }, "was sealed"],
  ["no Setup Assistant is in the way", { pgrep: "echo 411" }, "411"],
  ["it does not sleep", { pmset: 'echo " sleep                10"' }, "10"],
  ["the screen saver never comes, in a clone either", { defaults: "echo 1200" }, "after 1200 s"],
  ["the screen does not lock", { sysadminctl: "echo screenLock delay is immediate >&2" }, "immediate"],
  ["Gatekeeper and FileVault are off", { spctl: "echo assessments enabled" }, "Gatekeeper is on"],
  ["Gatekeeper and FileVault are off", { fdesetup: "echo FileVault is On." }, ""],
  ["System Integrity Protection is on", { csrutil: "echo status: disabled." }, "disabled"],
  ["updates are off", { softwareupdate: "echo Automatic checking for updates is turned on" }, "turned on"],
  ["a job has room", { df: "echo header; echo /dev/disk3s1 100 50 14999 1%" }, "15000"],
  ["jobs find the tools", { zsh: "echo aws is not in PATH; exit 1" }, "aws is not in PATH"],
])("%s: kept as built, broken when it is otherwise", async (title, spoilt, said) => {
  await using whole = await guest();
  expect(await whole.verdict(title)).toMatchObject({ exitCode: 0 });
  await using broken = await guest(spoilt);
  const { exitCode, stdout, stderr } = await broken.verdict(title);
  expect(exitCode).not.toBe(0);
  expect(exitCode).not.toBe(3);
  expect(`${stdout}\n${stderr}`).toContain(said);
});

test("what an image does not have is no fault of it", async () => {
  await using own = await guest();
  expect(await own.verdict("GitHub's runner is there")).toMatchObject({ exitCode: 3 });
  expect(await own.verdict("Azure's agent is there")).toMatchObject({ exitCode: 3 });
  expect(await own.verdict("a simulator boots")).toMatchObject({ exitCode: 3 });
  expect(await own.verdict("Jenkins' agent is there")).toMatchObject({
    exitCode: 3,
    stdout: expect.stringContaining("no agent.jar"),
  });
});

const runtimes = (...lines: string[]) => ({
  xcrun: `case "$*" in *runtimes) printf '%s\\n' '== Runtimes ==' ${lines.map((line) => `'${line}'`).join(" ")} ;; esac`,
});
const IOS = "iOS 26.4 (26.4 - 23E244) - com.apple.CoreSimulator.SimRuntime.iOS-26-4";
const WATCH = "watchOS 26.4 (26.4 - 23T240) - com.apple.CoreSimulator.SimRuntime.watchOS-26-4";

test.each([
  ["one is missing", [IOS], "< watchOS"],
  ["there is one too many", [IOS, IOS.replaceAll("26.4", "26.2"), WATCH], "> iOS"],
  ["one does not work", [IOS, `${WATCH} (unavailable, runtime profile not found)`], "< watchOS"],
])("simulators are broken when %s", async (_, lines, said) => {
  await using whole = await guest(runtimes(IOS, WATCH));
  expect(await whole.verdict("the simulators are those that were asked for")).toMatchObject({ exitCode: 0 });
  await using own = await guest(runtimes(...lines));
  expect(await own.verdict("the simulators are those that were asked for")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(said),
  });
});

test("a secret, or somebody's history, is", async () => {
  await using own = await guest();
  await mkdir(join(own.dir, ".aws"));
  await writeFile(join(own.dir, ".aws/credentials"), "secret");
  await writeFile(join(own.dir, ".zsh_history"), "login");
  expect(await own.verdict("there is no secret in it")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(".aws/credentials"),
  });
  expect(await own.verdict("nobody's history is in it")).toMatchObject({ exitCode: 1 });
});

test("a clone is booted, looked at by tart exec and by ssh, and removed", async () => {
  await using own = await scratch();
  const image = { name: IMAGE.slice(0, -2), tags: ["1"], compressedGB: 1 };
  const host = await makeSimHost({
    dir: join(own.dir, "mac"),
    speed: 1000,
    engine: "process",
    images: [image],
    cached: [IMAGE],
  });
  await execa("tart", ["clone", IMAGE, "built"], { env: host.env });
  const disk = join(host.tartHome, "vms/built/disk");
  await mkdir(join(disk, "usr/local/bin"), { recursive: true });
  // One thing is wrong: updates are on.
  const programs = { ...MACOS, softwareupdate: "echo Automatic checking for updates is turned on" };
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(disk, "usr/local/bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  await writeFile(
    join(disk, "Users/admin/.zshenv"),
    "export LANG=en_US.UTF-8 PATH=$HOME/../../usr/local/bin:$PATH\n",
  );
  const context = contextOf({ env: host.env });
  const options = { release, simulators, freeSpaceMb: 1, bootSeconds: 60, pace: 100, sshPort: 2222 };
  const points = await verify({ ...options, image: "built" }, context);
  expect(points.filter(({ verdict }) => verdict === "broken").map(({ title }) => title)).toEqual([
    "updates are off",
  ]);
  expect(new Set(points.map(({ number }) => number))).toEqual(
    new Set(Array.from({ length: 15 }, (_, index) => index + 1)),
  );
  expect(points).toContainEqual({
    number: 8,
    title: "ssh finds the tools",
    verdict: "kept",
    evidence: expect.any(String),
  });
  expect(reportText(points)).toMatch(/broken    7  updates are off: Automatic.*turned on\n[^]*, 1 broken,/);
  const { stdout } = await execa("tart", ["list", "--source", "local", "--quiet"], { env: host.env });
  expect(stdout).toBe("built");

  await expect(verify({ ...options, image: "other" }, context)).rejects.toMatchObject({
    code: "vm_unusable",
  });
  await host.killAll();
});
