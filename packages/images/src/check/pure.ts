import { readHclFiles } from "../templates/read.ts";
import type { Finding } from "./finding.ts";
import { checkRelease, checkTemplate } from "./hcl-files.ts";
import { checkJobs } from "./launchd-files.ts";
import { referenceProblems, untypedReleases } from "./references.ts";
import { checkScripts } from "./script-files.ts";

/** All that can be said of the templates without another program. */
export async function checkFiles(folder: string): Promise<Finding[]> {
  const files = await readHclFiles(folder);
  const releases = files.filter(({ path }) => path.startsWith("releases/"));
  const templates = files.filter((file) => !releases.includes(file));
  const found = await Promise.all([
    ...templates.map(checkTemplate),
    ...releases.map(checkRelease),
    checkScripts(folder, templates),
    checkJobs(folder, templates),
  ]);
  return [
    ...found.flat(),
    ...referenceProblems(templates, releases),
    ...untypedReleases(templates, releases),
  ];
}
