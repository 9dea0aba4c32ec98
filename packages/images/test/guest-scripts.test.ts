import { execa } from "execa";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isInstalled } from "../src/check/programs.ts";
import { IMAGES_FOLDER } from "../src/folder.ts";
import { scratch } from "./support.ts";

/** Runs a provisioner's script with a home and programs of the test's own. */
async function runScript(
  own: Awaited<ReturnType<typeof scratch>>,
  script: string,
  env: Record<string, string>,
) {
  return await execa("/bin/bash", [join(IMAGES_FOLDER, "scripts", script)], {
    env: { HOME: own.dir, PATH: own.path, ...env },
    extendEnv: false,
    reject: false,
    cwd: own.dir,
  });
}

test("another macOS than the variables say ends the build", async () => {
  await using own = await scratch();
  await own.program("sw_vers", "case $1 in -productVersion) echo 26.5 ;; *) echo 25F71 ;; esac");
  const right = { MACOS_VERSION: "26.5", MACOS_BUILD: "25F71" };
  expect(await runScript(own, "vanilla/assert-macos.sh", right)).toMatchObject({ exitCode: 0 });
  expect(await runScript(own, "vanilla/assert-macos.sh", { ...right, MACOS_BUILD: "25F84" })).toMatchObject({
    exitCode: 1,
    stderr: "expected macOS 26.5 (25F84)",
  });
});

test("the password that logs in by itself is hidden as macOS hides it", async () => {
  await using own = await scratch();
  await own.program("defaults", "exit 1");
  await own.program("sudo", `case $1 in tee) cat >${own.dir}/kcpassword ;; esac`);
  await runScript(own, "vanilla/auto-login.sh", {});
  const hidden = await readFile(join(own.dir, "kcpassword"));
  // Eleven bytes that all Macs share, over and over.
  const key = [0x7d, 0x89, 0x52, 0x23, 0xd2, 0xbc];
  expect(key.map((byte, index) => String.fromCodePoint(byte ^ (hidden[index] ?? 0))).join("")).toBe(
    "admin\0",
  );
  expect(hidden).toHaveLength(12);
});

/** A download whose listener tells this version, and curl to bring it; the answer is its SHA-256. */
async function downloadOf(own: Awaited<ReturnType<typeof scratch>>, listener: string, version: string) {
  await mkdir(join(own.dir, "made/bin"), { recursive: true });
  await writeFile(join(own.dir, "made/bin", listener), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
  await execa("tar", ["czf", join(own.dir, "runner.tar.gz"), "-C", join(own.dir, "made"), "."]);
  await own.program("curl", `while [ "$1" != -o ]; do shift; done; cp ${own.dir}/runner.tar.gz "$2"`);
  await own.program("shasum", 'shift 2; exec sha256sum "$@"');
  return createHash("sha256")
    .update(await readFile(join(own.dir, "runner.tar.gz")))
    .digest("hex");
}

test("Azure's agent is unpacked only when it is what was pinned, and not at all when nothing was", async () => {
  await using own = await scratch();
  const sha256 = await downloadOf(own, "Agent.Listener", "4.274.0");
  const env = { AZURE_AGENT_VERSION: "4.274.0", AZURE_AGENT_SHA256: "0".repeat(64) };
  const listener = join(own.dir, "azure-pipelines-agent/bin/Agent.Listener");
  for (const [given, exitCode] of [
    [{ ...env, AZURE_AGENT_VERSION: "" }, 0],
    [env, 1],
  ] as const) {
    expect(await runScript(own, "runner/azure.sh", given)).toMatchObject({ exitCode });
    await expect(readFile(listener)).rejects.toThrow("ENOENT");
  }
  expect(await runScript(own, "runner/azure.sh", { ...env, AZURE_AGENT_SHA256: sha256 })).toMatchObject({
    exitCode: 0,
  });
  expect(await readFile(listener, "utf8")).toContain("4.274.0");
});

test("GitHub's runner is unpacked only when it is what was pinned", async () => {
  await using own = await scratch();
  const sha256 = await downloadOf(own, "Runner.Listener", "2.336.0");
  await own.program("zsh", "echo /opt/homebrew/bin:/usr/bin");
  const env = { GITHUB_RUNNER_VERSION: "2.336.0", GITHUB_RUNNER_SHA256: sha256 };

  expect(
    await runScript(own, "runner/github.sh", { ...env, GITHUB_RUNNER_SHA256: "0".repeat(64) }),
  ).toMatchObject({
    exitCode: 1,
  });
  await expect(readFile(join(own.dir, "actions-runner/.path"))).rejects.toThrow("ENOENT");
  expect(await runScript(own, "runner/github.sh", env)).toMatchObject({ exitCode: 0 });
  expect(await readFile(join(own.dir, "actions-runner/.path"), "utf8")).toBe("/opt/homebrew/bin:/usr/bin\n");
});

test.each([
  ".tartfleet",
  "actions-runner/.credentials",
  "azure-pipelines-agent/.agent",
  ".ssh/id_ed25519",
  ".gitlab-runner/config.toml",
])("%s ends the build of an image", async (path) => {
  await using own = await scratch();
  expect(await runScript(own, "runner/assert-no-secrets.sh", {})).toMatchObject({ exitCode: 0 });
  await mkdir(join(own.dir, path, ".."), { recursive: true });
  await writeFile(join(own.dir, path), "secret");
  expect(await runScript(own, "runner/assert-no-secrets.sh", {})).toMatchObject({ exitCode: 1 });
});

test("an image without room for a job ends the build", async () => {
  await using own = await scratch();
  await own.program("df", "echo header; echo /dev/disk3s1 100 50 14000 1%");
  expect(await runScript(own, "last/assert-free-space.sh", { FREE_SPACE_MB: "14000" })).toMatchObject({
    exitCode: 0,
  });
  expect(await runScript(own, "last/assert-free-space.sh", { FREE_SPACE_MB: "14001" })).toMatchObject({
    exitCode: 1,
  });
});

test.skipIf(!(await isInstalled("zsh")))(
  "one command over ssh finds Homebrew's programs first, and hears nothing else",
  async () => {
    await using own = await scratch();
    await writeFile(join(own.dir, ".zshenv"), await readFile(join(IMAGES_FOLDER, "files/zshenv")));
    const env = { HOME: own.dir, PATH: "/usr/bin:/bin" };
    const { stdout } = await execa("zsh", ["-c", "zsh -c 'echo $PATH'"], { env, extendEnv: false });
    expect(stdout).toMatch(/^[^:]*node@24\/bin:\/opt\/homebrew\/bin:[^\n]*:\/usr\/bin:\/bin$/);
    expect(stdout.match(/\/opt\/homebrew\/bin/g)).toHaveLength(1);
  },
);
