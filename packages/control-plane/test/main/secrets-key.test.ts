import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { call, IMAGE } from "../helpers/plane.ts";
import { run, tempFolder, type Program } from "../helpers/program.ts";

let folder: ReturnType<typeof tempFolder>;
const programs: Program[] = [];
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.kill("SIGKILL");
    await program.exited;
  }
  folder.remove();
});

function start(...args: string[]) {
  const program = run(["--listen", "127.0.0.1:0", "--data-dir", folder.path, ...args]);
  programs.push(program);
  return program;
}

const inFolder = (name: string) => join(folder.path, name);

function commandThat(does: string): string[] {
  writeFileSync(inFolder("key-command"), `#!/bin/sh\n${does}\n`, { mode: 0o700 });
  return ["--secrets-key-command", inFolder("key-command")];
}

/** A control plane with a VM whose script is sealed; stopped again. */
async function sealSomething(...args: string[]): Promise<void> {
  const program = start(...args);
  const { url, adminTokenFile } = await program.listening();
  const token = readFileSync(String(adminTokenFile), "utf8").trim();
  const json = { image: IMAGE, runner: { kind: "script", script: "echo canary-script" } };
  expect((await call(String(url), "POST", "/v1/vms", { token, json })).status).toBe(201);
  program.kill("SIGTERM");
  expect(await program.exited).toBe(0);
}

async function refused(program: Program): Promise<string> {
  expect(await program.exited).toBe(78);
  expect(program.stdout()).toBe("");
  return program.stderr();
}

describe("the key file", () => {
  it("is refused with what to do when others may read it", async () => {
    writeFileSync(inFolder("secrets.key"), randomBytes(32), { mode: 0o600 });
    chmodSync(inFolder("secrets.key"), 0o640);
    expect(await refused(start())).toContain(`chmod 600 ${inFolder("secrets.key")}`);
  });

  it("is refused when it is another one than what is sealed was sealed with, and taken when nothing is", async () => {
    const first = start();
    await first.listening();
    first.kill("SIGTERM");
    await first.exited;
    writeFileSync(inFolder("secrets.key"), randomBytes(32));
    await sealSomething();
    writeFileSync(inFolder("secrets.key"), randomBytes(32));
    expect(await refused(start())).toMatch(
      /another one than VM [0-9a-z]{16} was sealed with. Restore the right key/,
    );
  });
});

describe("the key command", () => {
  it("gives the key in place of the file, as hex or base64, at every start", async () => {
    const key = randomBytes(32);
    await sealSomething(...commandThat(`echo ${key.toString("hex")}`));
    expect(existsSync(inFolder("secrets.key"))).toBe(false);
    const again = start(...commandThat(`echo '  ${key.toString("base64")}'`));
    await again.listening();
    for (const name of ["tartfleet.sqlite", "tartfleet.sqlite-wal"]) {
      const bytes = readFileSync(inFolder(name));
      expect(bytes.includes("canary-script")).toBe(false);
      expect(bytes.includes(key)).toBe(false);
    }
  });

  it.each([
    ["exit 3, and says why", "echo no vault >&2; exit 3", /ended with exit code 3: no vault/],
    [
      "prints something else",
      "echo not-the-key-but-perhaps-a-secret",
      /did not print 32 bytes as hex or base64/,
    ],
    ["cannot be run", undefined, /cannot be run: .*ENOENT/],
  ])("that does not give it is refused: %s", async (_what, does, message) => {
    const args = does === undefined ? ["--secrets-key-command", inFolder("none")] : commandThat(does);
    const said = await refused(start(...args));
    expect(said).toMatch(message);
    expect(said).not.toContain("perhaps-a-secret");
  });
});
