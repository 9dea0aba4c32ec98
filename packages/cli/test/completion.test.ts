import { execFile, spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fleet } from "./support/fixture.ts";
import { scratch, until } from "./support/run.ts";
import { hasTerminals, startProgramOnTerminal } from "./support/terminal.ts";

const MAIN = fileURLToPath(new URL("../dist/main.mjs", import.meta.url));
const has = (shell: string) => spawnSync(shell, ["-c", "exit 0"]).status === 0;

/** A folder with a `tartfleet` to be called by that name. */
async function named() {
  const folder = await scratch();
  await mkdir(folder.file("bin"));
  await writeFile(folder.file("bin/tartfleet"), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, {
    mode: 0o755,
  });
  return { ...folder, path: `${folder.file("bin")}:${process.env["PATH"]}` };
}

test.skipIf(!has("bash"))(
  "bash completes commands, flags, values and the names that the control plane has",
  async () => {
    await using cli = await fleet();
    await using folder = await named();
    const script = `source <(tartfleet completion bash)
    try() { COMP_LINE="$1" COMP_POINT=\${#1}; compopt() { echo "compopt $*"; }; _tartfleet; echo "[\${COMPREPLY[*]}]"; }
    try "tartfleet ho"; try "tartfleet vm create --reco"; try "tartfleet webhook create x --template s"
    try "tartfleet host get mac-"; try "tartfleet vm create --image channel:"; try "tartfleet vm create --file "
    try "tartfleet vm exec x -- ls "`;
    // Not spawnSync: the stand-in answers in this process.
    const { stdout, stderr } = await promisify(execFile)("bash", ["--norc", "-c", script], {
      env: { ...cli.env, PATH: folder.path, HOME: "/nonexistent" },
    });
    expect(stderr).toBe("");
    expect(stdout.trim().split("\n")).toEqual([
      "[host]",
      "[--reconnect-for]",
      "[slack]",
      "[mac-1 mac-2]",
      "[xcode-16]",
      "compopt -o default",
      "[]",
      "[]",
    ]);
  },
);

test.skipIf(!has("zsh") || !hasTerminals)("zsh completes on a terminal, with what each means", async () => {
  await using cli = await fleet();
  await using folder = await named();
  await using shell = startProgramOnTerminal(["zsh", "-f", "-i"], {
    ...cli.env,
    PATH: folder.path,
    PS1: "> ",
  });
  shell.type("autoload -U compinit; compinit -D -u; source <(tartfleet completion zsh); print rea''dy\r");
  await until(() => shell.output().includes("ready"), shell.output);
  shell.type("tartfleet webh\t");
  await until(() => shell.output().includes("tartfleet webhook"), shell.output);
  shell.type("\u0015tartfleet host get mac-\t\t");
  await until(() => /mac-2 +-- silent/.test(shell.output()), shell.output);
  expect(shell.output()).toMatch(/mac-1 +-- connected/);
});

test("completion is silent where the control plane does not answer, and asks as whom is being typed", async () => {
  await using cli = await fleet();
  const words = (...typed: string[]) => cli.tartfleet("__complete", "--", ...typed);
  expect(await words("host", "get", "--url", "http://127.0.0.1:1", "")).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
  });
  expect((await words("host", "get", "--token", "tf_nobody", "")).stdout).toBe("");
  expect((await words("host", "get", "")).stdout).toBe("mac-1\tconnected\nmac-2\tsilent\n");
  expect((await words("nonsense", "")).code).toBe(0);
});
