import { chmod, cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AGENT, BOOT_SCRIPTS, FILES } from "./folders.ts";
import type { JavaScript } from "./javascript.ts";
import { licencesText } from "./licences.ts";
import type { Node } from "./node.ts";

const EXECUTABLE = 0o755;

/**
 * Puts a bundle together in a folder that there is not yet. In `lib/agent`, `dist` stands where `src` does in the
 * agent's package, so that the agent finds `guest` beside it either way.
 */
export async function assemble(
  folder: string,
  { version, node, javascript }: { version: string; node: Node; javascript: JavaScript },
): Promise<void> {
  const at = (path: string) => join(folder, path);
  await cp(FILES, folder, { recursive: true });
  await mkdir(at("lib/agent/dist"), { recursive: true });
  for (const [name, text] of javascript.files) await writeFile(at(`lib/agent/dist/${name}`), text);
  await cp(join(AGENT, "guest"), at("lib/agent/guest"), { recursive: true });
  await cp(node.path, at("lib/node"), { dereference: true });
  await cp(BOOT_SCRIPTS, at("boot"), { recursive: true });
  await writeFile(at("LICENSES"), await licencesText(javascript.modules, node.licence));
  await writeFile(at("VERSION"), `${version}\n`);
  await giveModes(folder);
}

/** Readable by all, and written by the owner alone, whatever the umask: the agent's user is not who installs it. */
async function giveModes(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isProgram = path === join(folder, "lib/node") || /(^|\/)bin\/[^/]+$|\.sh$/.test(path);
    await chmod(path, entry.isDirectory() || isProgram ? EXECUTABLE : 0o644);
  }
}
