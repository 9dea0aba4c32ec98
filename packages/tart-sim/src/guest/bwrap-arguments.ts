import path from "node:path";
import type { GuestSpec } from "./engine.ts";
import { compileCacheDir, simDirName, sourceDir, systemDir } from "./layout.ts";

/** What is where on this machine, as far as a guest's root is made of it. */
export interface MachineFacts {
  /** Top-level entries of the machine's root: the target of a symlink, or "directory". */
  root: Readonly<Record<string, { link: string } | "directory">>;
  /** Top-level entries of the guest's disk. */
  disk: readonly string[];
  hasUsrLocal: boolean;
  node: string;
}

export interface BwrapOptions {
  /** The directory that becomes /usr. */
  usr: string;
  /** The guest gets its name from bwrap (elsewhere it has one already). */
  ownName: boolean;
}

const systemEntries = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/** Names of the disk that are made of something else in the guest. */
const notFromDisk = new Set([...systemEntries, "usr", "proc", "dev", "sys", "run", simDirName]);

/** sethostname takes no more. */
const longestHostname = 63;

/**
 * bwrap's arguments for a guest: the machine's programs read-only, the guest's disk for the rest,
 * namespaces of its own for users, processes, mounts and (with ownName) its name. guests.md §2.
 */
export function bwrapArguments(
  spec: GuestSpec,
  machine: MachineFacts,
  { usr, ownName }: BwrapOptions,
): string[] {
  const onDisk = (name: string): string => path.join(spec.diskDir, name);
  const [uid, gid] = spec.os === "darwin" ? ["501", "20"] : ["1000", "1000"];
  const rows: (readonly string[])[] = [
    // Neither --die-with-parent nor --info-fd: a bwrap that dies early, of a signal or of a broken
    // pipe, leaves a child that waits for it for ever. The life line of init.sh needs neither.
    ["--new-session"],
    ["--unshare-user", "--uid", uid, "--gid", gid],
    ["--unshare-pid", "--as-pid-1", "--unshare-ipc"],
    ownName ? ["--unshare-uts", "--hostname", spec.name.slice(0, longestHostname)] : [],
    ["--ro-bind", usr, "/usr"],
    ...systemEntries.map((name) => systemEntry(name, machine.root[name])),
    ...machine.disk
      .filter((name) => !notFromDisk.has(name))
      .map((name) => ["--bind", onDisk(name), `/${name}`]),
    machine.hasUsrLocal && machine.disk.includes("usr") ? ["--bind", onDisk("usr/local"), "/usr/local"] : [],
    ...["/etc/ssl", "/etc/alternatives", "/etc/resolv.conf"].map((file) => ["--ro-bind-try", file, file]),
    spec.os === "darwin" ? ["--bind", onDisk("private/tmp"), "/tmp", "--symlink", "private/var", "/var"] : [],
    ["--bind", onDisk(simDirName), `/${simDirName}`],
    ["--ro-bind", systemDir, `/${simDirName}/system`],
    ["--ro-bind", sourceDir, `/${simDirName}/lib`],
    ["--ro-bind", machine.node, `/${simDirName}/node`],
    ["--bind", compileCacheDir, `/${simDirName}/cache`],
    ["--proc", "/proc", "--dev", "/dev", "--dir", "/run/sshd"],
    ["--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--chdir", "/"],
  ];
  return rows.flat();
}

function systemEntry(name: string, entry: MachineFacts["root"][string] | undefined): string[] {
  if (entry === undefined) return [];
  return entry === "directory"
    ? ["--ro-bind", `/${name}`, `/${name}`]
    : ["--symlink", entry.link, `/${name}`];
}
