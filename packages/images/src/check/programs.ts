import { execa } from "execa";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesBelow, type HclFile, readHclFiles } from "../templates/read.ts";
import type { Release } from "../templates/release.ts";
import type { Finding } from "./finding.ts";
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

/** What shellcheck finds in all scripts below a folder. */
export async function checkByShellcheck(folder: string): Promise<Finding[]> {
  const scripts = (await filesBelow(folder, ".")).filter((path) => path.endsWith(".sh"));
  const { stdout, exitCode } = await run(folder, "shellcheck", ["--format=gcc", ...scripts]);
  if (exitCode === 0) return [];
  return stdout.split("\n").map((line) => {
    const [file = "", ...problem] = line.split(":");
    return { file, problem: problem.join(":") };
  });
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
  // Packer wants to see the file that it would upload.
  return await validateEach(folder, shim, releases, ["any.xip"], (copy) => ({
    xcode_xip: join(copy, "any.xip"),
  }));
}

/**
 * What `packer validate` says of templates with each release's variables.
 *
 * @param change makes of a template one that this packer knows
 * @param uploads files that there must be, below the copy that is looked at
 * @param variables that a person would give
 */
export async function validateEach(
  folder: string,
  change: (file: HclFile) => HclFile,
  releases: readonly { file: string }[],
  uploads: readonly string[],
  variables: (copy: string) => Readonly<Record<string, string>>,
): Promise<Finding[]> {
  const copy = await mkdtemp(join(tmpdir(), "tartfleet-images-"));
  try {
    await cp(folder, copy, { recursive: true });
    for (const { path, text } of (await readHclFiles(folder)).map(change)) {
      await writeFile(join(copy, path), text);
    }
    for (const upload of uploads) await writeFile(join(copy, upload), "");
    const given = Object.entries(variables(copy)).flatMap(([name, value]) => ["-var", `${name}=${value}`]);
    const found: Finding[] = [];
    for (const { file } of releases) {
      const words = ["validate", `-var-file=${file}`, ...given, copy];
      const { exitCode, stdout, stderr } = await run(copy, "packer", words);
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
