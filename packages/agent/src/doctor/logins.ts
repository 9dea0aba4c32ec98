import { accessSync, constants } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logins } from "./registry.ts";

/** What of the logins lies in files; none of it is kept or shown. */
export async function loginsOn(home: string, path: string): Promise<Pick<Logins, "docker" | "hasHelper">> {
  const docker = await readFile(join(home, ".docker/config.json"), "utf8").catch(() => undefined);
  return { docker, hasHelper: (program) => path.split(":").some((folder) => isExecutable(folder, program)) };
}

function isExecutable(folder: string, program: string): boolean {
  try {
    accessSync(join(folder, program), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
