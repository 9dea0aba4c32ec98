import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { JOBS } from "./jobs.ts";
import { plistPath, plistText } from "./plist.ts";

/** Writes the launchd jobs' files; answers with their paths. */
export async function generate(folder: string): Promise<string[]> {
  for (const job of JOBS) {
    const path = join(folder, plistPath(job));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, plistText(job));
  }
  return JOBS.map(plistPath);
}
