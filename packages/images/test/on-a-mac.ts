import { execa } from "execa";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HOST_FOLDER } from "../src/folder.ts";
import type { scratch } from "./support.ts";

type Scratch = Awaited<ReturnType<typeof scratch>>;

/**
 * Runs a script of packer/host that is for a Mac, with a home and programs of the test's own. What it would look at or
 * change below /usr/local, /var, /etc, /tmp and /Library is below the test's folder.
 */
export async function runOnMac(
  own: Scratch,
  path: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
) {
  const text = await readFile(join(HOST_FOLDER, path), "utf8");
  const moved = text.replaceAll(/(?<![\w.}])\/(usr\/local|var|etc|tmp|Library)(?=[/\s])/g, `${own.dir}/$1`);
  const script = join(own.dir, "script.sh");
  await mkdir(join(own.dir, "tmp"), { recursive: true });
  await writeFile(script, moved);
  return await execa("/bin/bash", [script, ...args], {
    env: { HOME: join(own.dir, "home"), USER: "ec2-user", PATH: own.path, ...env },
    extendEnv: false,
    reject: false,
    all: true,
    cwd: own.dir,
  });
}

/** A file of that Mac. */
export async function put(own: { dir: string }, path: string, text = "", mode = 0o644): Promise<void> {
  await mkdir(dirname(join(own.dir, path)), { recursive: true });
  await writeFile(join(own.dir, path), text, { mode });
}
