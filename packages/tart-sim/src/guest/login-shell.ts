import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import type { GuestSpec } from "./engine.ts";
import { hostPathOf, type GuestOs } from "./layout.ts";

/** macOS logs in with zsh, Linux images with bash; a machine without them with what it has. */
export const loginShell = (os: GuestOs): string =>
  [...(os === "darwin" ? ["/bin/zsh"] : []), "/bin/bash"].find((shell) => existsSync(shell)) ?? "/bin/sh";

/** sshd lets nobody in whose shell does not exist. */
export async function writeLoginShell(spec: GuestSpec, shell: string): Promise<void> {
  const file = hostPathOf(spec.diskDir, "/etc/passwd");
  const lines = (await readFile(file, "utf8")).split("\n");
  const changed = lines.map((line) => (line.startsWith("admin:") ? line.replace(/[^:]*$/, shell) : line));
  await writeFile(file, changed.join("\n"));
}
