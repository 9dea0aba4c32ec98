import { format } from "@cdktn/hcl-tools";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ImagesError } from "../images-error.ts";
import { JOBS } from "../launchd/jobs.ts";
import { plistPath, plistText } from "../launchd/plist.ts";
import { launchdProblems } from "../launchd/rules.ts";
import { filesBelow, type HclFile, parseHcl, readHclFiles } from "../templates/read.ts";
import { parseRelease } from "../templates/release.ts";
import { builderProblems } from "./builder-options.ts";
import { keyProblems, typedTexts } from "./boot-keys.ts";
import { type Finding, findingsOf } from "./finding.ts";
import { restoreImageProblems } from "./restore-image.ts";
import { scriptProblems } from "./scripts.ts";

/** All that can be said of the templates without another program. */
export async function checkFiles(folder: string): Promise<Finding[]> {
  const files = await readHclFiles(folder);
  const found = await Promise.all([
    ...files.map(checkHcl),
    ...files.filter(({ path }) => path.startsWith("releases/")).map(checkRelease),
    checkScripts(folder, files),
    checkJobs(folder, files),
  ]);
  return found.flat();
}

const templateSchema = z.object({
  source: z
    .object({ "tart-cli": z.record(z.string(), z.array(z.record(z.string(), z.unknown()))) })
    .partial()
    .optional(),
});

async function checkHcl(file: HclFile): Promise<Finding[]> {
  return await orInvalid(file.path, async () => {
    const { source } = templateSchema.parse(await parseHcl(file));
    const sources = Object.values(source?.["tart-cli"] ?? {}).flat();
    const formatted = await format(file.text);
    return findingsOf(file.path, [
      ...(formatted === file.text ? [] : ["it is not formatted: packer fmt"]),
      ...sources.flatMap(builderProblems),
      ...typedTexts(file.text).flatMap(keyProblems),
    ]);
  });
}

async function checkRelease(file: HclFile): Promise<Finding[]> {
  return await orInvalid(file.path, async () =>
    findingsOf(file.path, restoreImageProblems(await parseRelease(file))),
  );
}

async function orInvalid(path: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof ImagesError) return findingsOf(path, [error.message]);
    throw error;
  }
}

/** Scripts that no template runs are as wrong as those that are not there. */
async function checkScripts(folder: string, files: readonly HclFile[]): Promise<Finding[]> {
  const there = (await filesBelow(folder, "scripts")).filter((path) => path.endsWith(".sh"));
  const named = new Set(
    files.flatMap(({ text }) =>
      [...text.matchAll(/\$\{path\.root\}\/(scripts\/[^"]+)/g)].map(([, path = ""]) => path),
    ),
  );
  const scripts = await Promise.all(
    there.map(async (path) => {
      const [text, { mode }] = await Promise.all([
        readFile(join(folder, path), "utf8"),
        stat(join(folder, path)),
      ]);
      return findingsOf(path, [
        ...scriptProblems(text),
        ...(named.has(path) ? [] : ["no template runs it"]),
        ...((mode & 0o111) === 0 ? ["it may not be executed"] : []),
      ]);
    }),
  );
  const missing = [...named].filter((path) => !there.includes(path));
  return [
    ...scripts.flat(),
    ...missing.map((file) => ({ file, problem: "a template runs it, and it is not there" })),
  ];
}

async function checkJobs(folder: string, files: readonly HclFile[]): Promise<Finding[]> {
  const there = await filesBelow(folder, "launchd");
  const isUploaded = files.some(({ text }) => text.includes('"${path.root}/launchd"'));
  const checked = await Promise.all(
    there.map(async (path) =>
      findingsOf(path, launchdProblems(path, await readFile(join(folder, path), "utf8"))),
    ),
  );
  const stale = await Promise.all(
    JOBS.map(async (job) => {
      const text = await readFile(join(folder, plistPath(job)), "utf8").catch(() => undefined);
      return text === plistText(job)
        ? []
        : [{ file: plistPath(job), problem: "it is not as generated: npm run images -- generate" }];
    }),
  );
  const made = new Set(JOBS.map(plistPath));
  return [
    ...checked.flat(),
    ...stale.flat(),
    ...there.filter((path) => !made.has(path)).map((file) => ({ file, problem: "nothing generates it" })),
    ...(isUploaded ? [] : [{ file: "launchd", problem: "no template uploads it" }]),
  ];
}
