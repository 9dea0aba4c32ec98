import { chmod, cp, mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import type { Context } from "../src/context.ts";
import { HOST_FOLDER, IMAGES_FOLDER } from "../src/folder.ts";

/** A folder of a test's own, removed with it. */
export async function scratch() {
  const dir = await mkdtemp(join(tmpdir(), "tartfleet-images-test-"));
  return {
    dir,
    /** Puts an executable before all others in `path`. */
    async program(name: string, script: string): Promise<void> {
      await mkdir(join(dir, "bin"), { recursive: true });
      await writeFile(join(dir, "bin", name), `#!/bin/sh\n${script}\n`);
      await chmod(join(dir, "bin", name), 0o755);
    },
    path: `${join(dir, "bin")}${delimiter}${process.env["PATH"] ?? ""}`,
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** A copy of a folder of templates, to be spoilt. */
export async function copyOfTemplates(original: string = IMAGES_FOLDER) {
  const own = await scratch();
  const folder = join(own.dir, basename(original));
  await cp(original, folder, { recursive: true });
  return {
    folder,
    async edit(path: string, change: (text: string) => string): Promise<void> {
      const before = await readFile(join(folder, path), "utf8");
      const after = change(before);
      if (after === before) throw new Error(`nothing changed in ${path}`);
      await writeFile(join(folder, path), after);
    },
    [Symbol.asyncDispose]: own[Symbol.asyncDispose],
  };
}

/** What a command has of the world, and what it said. */
export function contextOf(given: Partial<Context>): Context & { said: string[] } {
  const said: string[] = [];
  return {
    env: process.env,
    platform: "darwin",
    now: Date.now,
    signal: new AbortController().signal,
    folder: IMAGES_FOLDER,
    hostFolder: HOST_FOLDER,
    say: (line) => said.push(line),
    ...given,
    said,
  };
}
