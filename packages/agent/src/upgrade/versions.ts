import { mkdir, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import type { Installed } from "../installed.ts";

type Link = "current" | "previous";

/** The versions that a host has, and which of them is which. */
export interface Versions {
  /** The folder of a version, which need not be there. */
  folder(version: string): string;
  names(): Promise<string[]>;
  /** @returns undefined when there is no such link */
  read(link: Link): Promise<string | undefined>;
  /** Lets a link lead to a version, in one step; to none when that is undefined. */
  point(link: Link, version: string | undefined): Promise<void>;
  /** Removes all but what the links lead to, also what broken-off upgrades left. @returns what it removed */
  prune(): Promise<string[]>;
}

export async function openVersions(installed: Installed): Promise<Versions> {
  await mkdir(installed.versions, { recursive: true });
  const folder = (version: string) => join(installed.versions, version);
  const versions: Versions = {
    folder,
    async names() {
      const entries = await readdir(installed.versions, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    },
    async read(link) {
      const target = await readlink(installed[link]).catch(() => undefined);
      return target && basename(target);
    },
    async point(link, version) {
      const path = installed[link];
      if (version === undefined) return rm(path, { force: true });
      const draft = `${path}.new`;
      await rm(draft, { force: true });
      await symlink(relative(dirname(path), folder(version)), draft);
      await rename(draft, path);
    },
    async prune() {
      const kept = [await versions.read("current"), await versions.read("previous")];
      const isKept = (name: string) =>
        kept.some((version) => name === version || name === `${version}.sha256`);
      const removed = (await readdir(installed.versions)).filter((name) => !isKept(name));
      for (const name of removed) await rm(folder(name), { recursive: true, force: true });
      return removed.filter((name) => !name.endsWith(".sha256"));
    },
  };
  return versions;
}
