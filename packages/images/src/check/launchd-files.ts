import { launchdProblems, plistText } from "@tartfleet/launchd";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { jobPath, JOBS } from "../launchd/jobs.ts";
import { filesBelow, type HclFile } from "../templates/read.ts";
import { type Finding, findingsOf } from "./finding.ts";

/** launchd's files are what is generated, keep the rules, and come into the guest. */
export async function checkJobs(folder: string, files: readonly HclFile[]): Promise<Finding[]> {
  const there = await filesBelow(folder, "launchd");
  const isUploaded = files.some(({ text }) => text.includes('"${path.root}/launchd"'));
  const checked = await Promise.all(
    there.map(async (path) =>
      findingsOf(path, launchdProblems(path, await readFile(join(folder, path), "utf8"))),
    ),
  );
  const stale = await Promise.all(
    JOBS.map(async (job) => {
      const text = await readFile(join(folder, jobPath(job)), "utf8").catch(() => undefined);
      return text === plistText(job)
        ? []
        : [{ file: jobPath(job), problem: "it is not as generated: npm run images -- generate" }];
    }),
  );
  const made = new Set(JOBS.map(jobPath));
  return [
    ...checked.flat(),
    ...stale.flat(),
    ...there.filter((path) => !made.has(path)).map((file) => ({ file, problem: "nothing generates it" })),
    ...(isUploaded ? [] : [{ file: "launchd", problem: "no template uploads it" }]),
  ];
}
