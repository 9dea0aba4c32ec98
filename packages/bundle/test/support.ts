import { execa } from "execa";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** A folder of a test's own, removed with it. */
export async function scratch() {
  const dir = await mkdtemp(join(tmpdir(), "tartfleet-bundle-test-"));
  return {
    dir,
    async program(name: string, script: string): Promise<string> {
      const path = join(dir, name);
      await writeFile(path, `#!/bin/sh\n${script}\n`);
      await chmod(path, 0o755);
      return path;
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}
export type Scratch = Awaited<ReturnType<typeof scratch>>;

/** A Node that is this one, and small: what is made with it is packed in no time. */
export const smallNode = (place: Scratch) => place.program("node", `exec '${process.execPath}' "$@"`);

/** `npm run bundle`, as a process. */
export function bundle(args: readonly string[], env: Record<string, string> = {}) {
  return execa(process.execPath, [MAIN, ...args], { env, reject: false });
}
