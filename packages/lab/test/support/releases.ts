import { execa } from "execa";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BUNDLE = fileURLToPath(new URL("../../../bundle/src/main.ts", import.meta.url));
const PLATFORM = "linux-x64";

/** Somebody who makes and signs bundles of the agent, in a folder of a test's own. */
export interface Releaser {
  /** A line of `allowed_signers`. */
  signer: string;
  /** Makes a release. @returns its folder */
  release(version: string, options?: { neverStarts?: boolean }): Promise<string>;
}

export async function makeReleaser(dir: string): Promise<Releaser> {
  await mkdir(dir);
  const key = join(dir, "key");
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "releases@example.com", "-f", key]);
  const node = (name: string, script: string) => program(join(dir, name), script);
  // Small ones, that are this Node all the same.
  const good = await node("node", `exec '${process.execPath}' "$@"`);
  const bad = await node(
    "bad-node",
    `case "$*" in *--version) exec '${process.execPath}' "$@" ;; *) exit 70 ;; esac`,
  );
  return {
    signer: `releases@example.com namespaces="tartfleet-agent" ${await readFile(`${key}.pub`, "utf8")}`,
    async release(version, { neverStarts = false } = {}) {
      const out = join(dir, version);
      const choice = {
        platform: PLATFORM,
        release: version,
        node: neverStarts ? bad : good,
        out,
        "sign-key": key,
      };
      await execa(process.execPath, [
        BUNDLE,
        ...Object.entries(choice).flatMap(([flag, value]) => [`--${flag}`, value]),
      ]);
      return out;
    },
  };
}

/** The archive of a release in its folder. */
export const archiveIn = (folder: string, version: string): string =>
  join(folder, `tartfleet-agent-${version}-${PLATFORM}.tar.gz`);

async function program(path: string, script: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}
