import { existsSync, readlinkSync, realpathSync } from "node:fs";
import { readdir } from "node:fs/promises";
import type { MachineFacts } from "./bwrap-arguments.ts";

/** Looks at this machine's root and at a guest's disk. */
export async function lookAtMachine(diskDir: string): Promise<MachineFacts> {
  const entries = await readdir("/", { withFileTypes: true });
  const root: MachineFacts["root"] = Object.fromEntries(
    entries.flatMap((entry): [string, MachineFacts["root"][string]][] => {
      if (entry.isSymbolicLink()) return [[entry.name, { link: readlinkSync(`/${entry.name}`) }]];
      return entry.isDirectory() ? [[entry.name, "directory"]] : [];
    }),
  );
  return {
    root,
    disk: await readdir(diskDir),
    hasUsrLocal: existsSync("/usr/local"),
    node: realpathSync(process.execPath),
  };
}
