import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pack, sumLine } from "./archive.ts";
import { assemble } from "./assemble.ts";
import { bundleAgent } from "./javascript.ts";
import { givenNode, pinnedNode } from "./node.ts";
import { RUNTIMES, type Platform } from "./runtimes.ts";
import { assertKey, sign } from "./sign.ts";

export interface Choice {
  version: string;
  platforms: readonly Platform[];
  /** A Node in place of the pinned one. */
  node?: string | undefined;
  signKey?: string | undefined;
  /** Folder for what is made. */
  out: string;
}

/**
 * Makes the archives of a release, the list of their sums and, with a key, its signature.
 *
 * @returns the paths of what was made
 * @throws BundleError for what is expected to go wrong
 */
export async function makeBundles(choice: Choice): Promise<string[]> {
  const { version, platforms, out, signKey } = choice;
  if (signKey !== undefined) await assertKey(signKey);
  await mkdir(out, { recursive: true });
  const javascript = await bundleAgent(version);
  const archives: string[] = [];
  const staging = await mkdtemp(join(out, ".staging-"));
  try {
    for (const platform of platforms) {
      const name = `tartfleet-agent-${version}-${platform}`;
      const node =
        choice.node === undefined
          ? await pinnedNode(RUNTIMES[platform], join(out, "node"))
          : await givenNode(choice.node);
      await assemble(join(staging, name), { version, node, javascript });
      await pack(join(staging, name), join(out, `${name}.tar.gz`));
      archives.push(join(out, `${name}.tar.gz`));
    }
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  const sums = join(out, "SHA256SUMS");
  // A signature is of other sums from here on.
  await rm(`${sums}.sig`, { force: true });
  await writeFile(sums, (await Promise.all(archives.map(sumLine))).join(""));
  if (signKey === undefined) return [...archives, sums];
  await sign(sums, signKey);
  return [...archives, sums, `${sums}.sig`];
}
