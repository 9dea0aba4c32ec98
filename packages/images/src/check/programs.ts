import { execa } from "execa";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesBelow, readHclFiles } from "../templates/read.ts";
import type { Release } from "../templates/release.ts";
import { type Finding, findingsOf } from "./finding.ts";
import { shim } from "./shim.ts";

/** Programs that see more than we do, where they are installed (Debian has them as packages of these names). */
export const PROGRAMS = ["packer", "shellcheck", "zsh"] as const;
export type Program = (typeof PROGRAMS)[number];

const LIMIT_MS = 60_000;

/** Whether it can be started here. */
export async function isInstalled(program: Program): Promise<boolean> {
  const { code } = await execa(program, ["--version"], { reject: false, timeout: LIMIT_MS, stdin: "ignore" });
  return code !== "ENOENT";
}

/** What shellcheck finds in the scripts. */
export async function checkByShellcheck(folder: string): Promise<Finding[]> {
  const scripts = await filesBelow(folder, "scripts");
  const { stdout, exitCode } = await run(folder, "shellcheck", ["--format=gcc", ...scripts]);
  return exitCode === 0 ? [] : findingsOf("scripts", stdout.split("\n"));
}

/** What zsh cannot read of its own files. */
export async function checkByZsh(folder: string): Promise<Finding[]> {
  const files = (await filesBelow(folder, "files")).filter((file) => file.startsWith("files/zsh"));
  const checked = await Promise.all(
    files.map(async (file) => {
      const { exitCode, stderr } = await run(folder, "zsh", ["-n", file]);
      return exitCode === 0 ? [] : [{ file, problem: stderr }];
    }),
  );
  return checked.flat();
}

/** What packer finds in the templates of all layers with every release's variables, without the plugin. */
export async function checkByPacker(folder: string, releases: readonly Release[]): Promise<Finding[]> {
  const copy = await mkdtemp(join(tmpdir(), "tartfleet-images-"));
  try {
    await cp(folder, copy, { recursive: true });
    for (const { path, text } of (await readHclFiles(folder)).map(shim)) {
      await writeFile(join(copy, path), text);
    }
    // Packer wants to see the file that it would upload.
    const xip = join(copy, "any.xip");
    await writeFile(xip, "");
    const found: Finding[] = [];
    for (const { file } of releases) {
      const variables = [`-var-file=${file}`, "-var", `xcode_xip=${xip}`];
      const { exitCode, stdout, stderr } = await run(copy, "packer", ["validate", ...variables, copy]);
      if (exitCode !== 0) found.push({ file, problem: tidy(`${stdout}\n${stderr}`) });
    }
    return found;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Without the frame around it. */
const tidy = (said: string) => said.replaceAll(/\s+/g, " ").trim().slice(0, 2000);

async function run(cwd: string, program: Program, args: readonly string[]) {
  return await execa(program, args, {
    cwd,
    reject: false,
    stdin: "ignore",
    timeout: LIMIT_MS,
    // Neither home nor what asks whether there is a newer packer.
    env: { CHECKPOINT_DISABLE: "1", HOME: cwd },
  });
}
