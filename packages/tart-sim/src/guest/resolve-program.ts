import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";

export interface Lookup {
  /** The PATH of the command. */
  path: string;
  /** Stand-ins for programs of /bin, /usr/bin, /sbin, /usr/sbin, in order of preference. */
  shimDirs: readonly string[];
  /** Directory that stands for the guest's root; "" when it really is the root. */
  root: string;
}

export type Resolved = { found: true; file: string } | { found: false; message: string };

const systemDirs = new Set(["/bin", "/usr/bin", "/sbin", "/usr/sbin"]);

const isExecutableFile = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
};

const existsAt = (file: string): boolean => {
  try {
    statSync(file);
    return true;
  } catch {
    return false;
  }
};

/**
 * Finds the program a guest means by `name`, or says in Go's words why it cannot be started
 * (tart-contract §7: the guest agent's os/exec writes them).
 */
export function resolveProgram(name: string, lookup: Lookup): Resolved {
  if (!name.includes("/") && name !== "") {
    const hit = lookup.path
      .split(":")
      .map((directory) => path.join(directory, name))
      .find(isExecutableFile);
    return hit === undefined
      ? { found: false, message: `exec: ${JSON.stringify(name)}: executable file not found in $PATH` }
      : { found: true, file: hit };
  }
  const candidates = candidatesFor(name, lookup);
  const hit = candidates.find(isExecutableFile);
  if (hit !== undefined) return { found: true, file: hit };
  const why = candidates.some(existsAt) ? "permission denied" : "no such file or directory";
  return { found: false, message: `fork/exec ${name}: ${why}` };
}

function candidatesFor(name: string, { shimDirs, root }: Lookup): string[] {
  if (!path.isAbsolute(name)) return name === "" ? [] : [name];
  const shims = systemDirs.has(path.dirname(name))
    ? shimDirs.map((directory) => path.join(directory, path.basename(name)))
    : [];
  return [...(root === "" ? [] : [path.join(root, name)]), ...shims, name];
}
