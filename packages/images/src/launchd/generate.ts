import { plistText } from "@tartfleet/launchd";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { jobPath, JOBS } from "./jobs.ts";

/** Writes the launchd jobs' files; answers with their paths. */
export async function generate(folder: string): Promise<string[]> {
  for (const job of JOBS) {
    const path = join(folder, jobPath(job));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, plistText(job));
  }
  return JOBS.map(jobPath);
}
