import { existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { TartFailure } from "../cli/failure.ts";
import { namesIn, ociDir } from "./home.ts";
import { parseRemoteName, repository, type RemoteName } from "./remote-name.ts";
import { isComplete, type VmDir, vmDirAt } from "./vm-dir.ts";

/** The image cache: digests are directories, tags are links to them (tart-contract §1.4, §5.1). */
const repositoryDir = (home: string, { host, namespace }: RemoteName): string =>
  join(ociDir(home), host.replaceAll(":", "%3A"), namespace);

export const registryDir = (home: string, host: string): string =>
  join(ociDir(home), host.replaceAll(":", "%3A"));

const explicitMark = ".explicitly-pulled";

/** Where this digest of the repository is or would be. */
export const digestDir = (home: string, name: RemoteName, digest: string): VmDir =>
  vmDirAt(`${repository(name)}@${digest}`, join(repositoryDir(home, name), digest));

/** Digest that a name has in the cache. */
export function cachedDigest(home: string, name: RemoteName): string | undefined {
  if (name.reference.kind === "digest") return name.reference.digest;
  try {
    return basename(readlinkSync(join(repositoryDir(home, name), name.reference.tag)));
  } catch {
    return undefined;
  }
}

/** The cached image, when all of it is there. */
export function cachedImage(home: string, name: RemoteName): VmDir | undefined {
  const digest = cachedDigest(home, name);
  if (digest === undefined) return undefined;
  const dir = digestDir(home, name, digest);
  return isComplete(dir) ? dir : undefined;
}

/** Points the tag at a digest; a pull by digest marks it as wanted instead. */
export function linkName(home: string, name: RemoteName, digest: string): void {
  if (name.reference.kind === "digest") {
    mkdirSync(join(digestDir(home, name, digest).path, explicitMark), { recursive: true });
    return;
  }
  const path = join(repositoryDir(home, name), name.reference.tag);
  rmSync(path, { force: true });
  symlinkSync(digest, path);
}

export interface CacheEntry {
  /** `host/ns:tag` or `host/ns@sha256:…`. */
  name: string;
  dir: VmDir;
  kind: "tag" | "digest";
}

/** Every tag and digest in the cache that is complete, by name. */
export function cacheEntries(home: string): CacheEntry[] {
  const root = ociDir(home);
  const entries: CacheEntry[] = [];
  const walk = (parts: readonly string[]): void => {
    for (const entry of namesIn(join(root, ...parts))) {
      const path = join(root, ...parts, entry);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      const [host = "", ...namespace] = parts;
      const repo = `${host.replaceAll("%3A", ":")}/${namespace.join("/")}`;
      if (stat.isSymbolicLink()) {
        const dir = vmDirAt(`${repo}:${entry}`, join(root, ...parts, readlinkSync(path)));
        entries.push({ name: dir.name, dir, kind: "tag" });
      } else if (entry.startsWith("sha256:")) {
        const dir = vmDirAt(`${repo}@${entry}`, path);
        entries.push({ name: dir.name, dir, kind: "digest" });
      } else if (stat.isDirectory()) walk([...parts, entry]);
    }
  };
  walk([]);
  return entries.filter(({ dir }) => isComplete(dir)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Removes digests under `root` that no tag points to and nobody pulled by name; broken tags too. */
export function collectUnreferenced(root: string): void {
  const walk = (path: string): void => {
    const names = namesIn(path);
    const referenced = new Set<string>();
    for (const name of names) {
      const entry = join(path, name);
      if (!lstatSync(entry).isSymbolicLink()) continue;
      if (existsSync(entry)) referenced.add(basename(readlinkSync(entry)));
      else unlinkSync(entry);
    }
    for (const name of names) {
      const entry = join(path, name);
      if (name.startsWith("sha256:")) {
        if (!referenced.has(name) && !existsSync(join(entry, explicitMark)))
          rmSync(entry, { recursive: true, force: true });
      } else if (lstatSync(entry, { throwIfNoEntry: false })?.isDirectory()) walk(entry);
    }
  };
  walk(root);
}

/** `delete` and `prune` of a cached name. */
export function deleteCached(home: string, name: RemoteName): boolean {
  const dir = cachedImage(home, name);
  if (dir === undefined) return false;
  if (name.reference.kind === "tag") unlinkSync(join(repositoryDir(home, name), name.reference.tag));
  else rmSync(dir.path, { recursive: true, force: true });
  collectUnreferenced(ociDir(home));
  return true;
}

/** A remote name as it was typed; its mistakes end the command. */
export function remoteNameOf(text: string): RemoteName {
  const name = parseRemoteName(text);
  if (name instanceof TartFailure) throw name;
  return name;
}
