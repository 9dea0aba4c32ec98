import path from "node:path";
import { homePath, type GuestOs } from "./layout.ts";

/** How a program came to run in the guest; each starts with another PATH, as on a real Mac. */
export type Entrance = "exec" | "ssh";

/**
 * The PATH of Tart's guest agent on macOS images has no /sbin, that of sshd no Homebrew
 * (tart-contract §7, guests.md §4). A script that works here works with both.
 */
const entrancePaths: Record<GuestOs, Record<Entrance, readonly string[]>> = {
  darwin: {
    exec: ["/bin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"],
    ssh: ["/usr/bin", "/bin", "/usr/sbin", "/sbin"],
  },
  linux: {
    exec: ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"],
    ssh: ["/usr/local/bin", "/usr/bin", "/bin", "/usr/games"],
  },
};

export interface EnvironmentParts {
  os: GuestOs;
  entrance: Entrance;
  /** Directories with stand-ins for the system's programs, first in PATH. */
  shimDirs: readonly string[];
  /** Prefix of paths that exist on the guest's disk only: "" where the disk is mounted as the root. */
  root: string;
  shell: string;
}

/** Directories of the guest's disk; everything else in PATH is the machine's own. */
const onDisk = new Set(["/usr/local/bin", "/opt/homebrew/bin"]);

/** Everything a program in the guest finds in its environment; nothing of the caller's gets in. */
export function guestEnvironment(parts: EnvironmentParts): Record<string, string> {
  const { os, entrance, shimDirs, root, shell } = parts;
  const directories = entrancePaths[os][entrance].map((directory) =>
    onDisk.has(directory) ? path.posix.join("/", root, directory) : directory,
  );
  return {
    HOME: path.posix.join("/", root, homePath(os)),
    USER: "admin",
    LOGNAME: "admin",
    SHELL: shell,
    PATH: [...shimDirs, ...directories].join(":"),
  };
}
