import { accessSync, constants } from "node:fs";
import path from "node:path";

/** The machine's program of that name, in PATH or where daemons live. */
export function findTool(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const directories = [...(env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"].filter((dir) => dir !== "");
  return directories.map((directory) => path.join(directory, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
