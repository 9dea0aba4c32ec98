import { createHash } from "node:crypto";
import { chmod, cp, lchown, readdir, readFile, readlink, rename, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Mac } from "../mac.ts";
import { statsOf } from "./files.ts";
import type { Handle, Thing } from "./thing.ts";

/**
 * A version of the agent. Its state is the digest of all that is in it.
 *
 * @param source the folder that it is copied from, of the machine that this runs on
 */
export function bundle(thing: Extract<Thing, { kind: "bundle" }>, source: string | undefined): Handle {
  return {
    look: (mac) => digestOf(mac.at(thing.path)),
    async put(mac, to) {
      const path = mac.at(thing.path);
      const draft = `${path}.new`;
      await rm(draft, { recursive: true, force: true });
      if (to !== null && source !== undefined) {
        await cp(source, draft, { recursive: true, verbatimSymlinks: true });
        await giveToRoot(mac, draft);
      }
      // Whatever runs from there keeps what it has opened.
      await rm(path, { recursive: true, force: true });
      if (to !== null) await rename(draft, path);
    },
    show: (from, to) => {
      if (to === null) return ["removed"];
      return [`${from === null ? "new" : "replaced"}, copied from ${source ?? "its bundle"}`];
    },
  };
}

/** The SHA-256 of the names and contents in a folder; null when there is none. */
export async function digestOf(folder: string): Promise<string | null> {
  if ((await statsOf(folder))?.isDirectory() !== true) return null;
  const hash = createHash("sha256");
  for (const path of await pathsBelow(folder)) {
    const stats = await statsOf(path);
    const kind =
      stats?.isSymbolicLink() === true ? "link" : stats?.isDirectory() === true ? "folder" : "file";
    hash.update(`${kind} ${relative(folder, path)}\0`);
    if (kind === "link") hash.update(await readlink(path));
    if (kind === "file") hash.update(String(((stats?.mode ?? 0) & 0o100) !== 0)).update(await readFile(path));
  }
  return hash.digest("hex");
}

/** What root runs, others may read and not write. */
async function giveToRoot(mac: Mac, folder: string): Promise<void> {
  for (const path of [folder, ...(await pathsBelow(folder))]) {
    const stats = await statsOf(path);
    if (!stats) continue;
    if (mac.gives) await lchown(path, 0, 0);
    if (!stats.isSymbolicLink())
      await chmod(path, stats.isDirectory() || (stats.mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}

async function pathsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.map((entry) => join(entry.parentPath, entry.name)).sort();
}
