import {
  constants,
  lchown,
  lstat,
  mkdir,
  open,
  readFile,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
  type FileHandle,
} from "node:fs/promises";
import type { Stats } from "node:fs";
import { dirname } from "node:path";
import { AgentStop } from "../../process/exit.ts";
import type { Mac } from "../mac.ts";
import { fileDiff } from "./diff.ts";
import type { Handle, State, Thing } from "./thing.ts";

/** Whose a file is, and what may be done with it. */
export interface Access {
  /** As chmod(1) has it: 0644. */
  mode: string;
  uid: number;
  gid: number;
}

const accessText = ({ mode, uid, gid }: Access): string => `${mode} ${uid}:${gid}`;

/** Where files cannot be given to users, all are root's. */
export const NOBODYS = { uid: 0, gid: 0 };

/** A folder that is so. */
export const folderState = (access: Access): string => accessText(access);
/** A file with these contents. */
export const fileState = (access: Access, contents: string | Buffer): string =>
  `${accessText(access)}\n${Buffer.from(contents).toString("latin1")}`;

export function folder(thing: Extract<Thing, { kind: "folder" }>): Handle {
  return {
    async look(mac) {
      const stats = await statsOf(mac.at(thing.path));
      return stats?.isDirectory() === true ? accessOf(mac, stats) : null;
    },
    async put(mac, to) {
      const path = mac.at(thing.path);
      if (to === null) return thing.tree ? rm(path, { recursive: true, force: true }) : removeEmpty(path);
      await refuseLinks(mac, thing.path);
      await mkdir(path, { recursive: true });
      const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
      const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      try {
        await give(mac, handle, to);
      } finally {
        await handle.close();
      }
    },
    show: (from, to) => [
      change(from, to, thing.tree ? "removed with all that is in it" : "removed if empty"),
    ],
  };
}

export function file(thing: Extract<Thing, { kind: "file" }>): Handle {
  return {
    async look(mac) {
      const stats = await statsOf(mac.at(thing.path));
      if (stats?.isFile() !== true) return null;
      return `${accessOf(mac, stats)}\n${await readFile(mac.at(thing.path), "latin1")}`;
    },
    async put(mac, to) {
      const path = mac.at(thing.path);
      if (to === null) return rm(path, { force: true });
      const [access, contents] = parts(to);
      await refuseLinks(mac, dirname(thing.path));
      await replaceFile(mac, path, access, contents);
    },
    show(from, to) {
      const [before, old] = from === null ? [null, ""] : parts(from);
      const [after, contents] = to === null ? [null, ""] : parts(to);
      const lines = [change(before, after, "removed")];
      if (thing.hidden)
        return [...lines, ...(to === null || old === contents ? [] : ["contents: (a secret)"])];
      return [...lines, ...fileDiff(text(old), text(contents))];
    },
  };
}

export function link(thing: Extract<Thing, { kind: "link" }>): Handle {
  return {
    async look(mac) {
      const stats = await statsOf(mac.at(thing.path));
      return stats?.isSymbolicLink() === true ? readlink(mac.at(thing.path)) : null;
    },
    async put(mac, to) {
      const path = mac.at(thing.path);
      if (to === null) return rm(path, { force: true });
      const draft = `${path}.new`;
      await rm(draft, { force: true });
      await symlink(to, draft);
      if (mac.gives) await lchown(draft, 0, 0);
      await rename(draft, path);
    },
    show: (from, to) => [change(from, to, "removed")],
  };
}

/** Replaces a file in one step; nobody else can read it until it has its own access. */
async function replaceFile(mac: Mac, path: string, access: string, contents: string): Promise<void> {
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(contents, "latin1");
    await give(mac, handle, access);
  } finally {
    await handle.close();
  }
  await rename(draft, path);
}

/** What stands at a path, without following a link; undefined when nothing does. */
export async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    throw error;
  }
}

/** A link of a user's would have root write, and give away, what that user may not. */
async function refuseLinks(mac: Mac, path: string): Promise<void> {
  const names = path.split("/").slice(1);
  for (const [index] of names.entries()) {
    const ancestor = `/${names.slice(0, index + 1).join("/")}`;
    const stats = await statsOf(mac.at(ancestor));
    if (stats?.isSymbolicLink() !== true || stats.uid === 0) continue;
    throw new AgentStop(
      "files",
      `${ancestor} is a user's link, which root does not follow; put a folder in its place`,
    );
  }
}

function accessOf(mac: Mac, { mode, uid, gid }: Stats): string {
  const bits = (mode & 0o7777).toString(8).padStart(4, "0");
  return accessText({ mode: bits, ...(mac.gives ? { uid, gid } : NOBODYS) });
}

/** By what is open, which nobody can put another file in the place of. */
async function give(mac: Mac, handle: FileHandle, access: string): Promise<void> {
  const [, mode = "", uid, gid] = /^(\d+) (\d+):(\d+)/.exec(access) ?? [];
  if (mac.gives) await handle.chown(Number(uid), Number(gid));
  await handle.chmod(Number.parseInt(mode, 8));
}

function parts(state: string): [access: string, contents: string] {
  const end = state.indexOf("\n");
  return [state.slice(0, end), state.slice(end + 1)];
}

/** Files are kept byte for byte, and shown as what they mean. */
const text = (bytes: string) => Buffer.from(bytes, "latin1").toString("utf8");

function change(from: State, to: State, gone: string): string {
  const named = (access: string) => access.replace(/ 0:0$/, " root:wheel");
  if (to === null) return gone;
  if (from === null) return `new, ${named(to)}`;
  return from === to ? `as it is, ${named(to)}` : `${named(from)} → ${named(to)}`;
}

async function removeEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOENT" && code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
}
