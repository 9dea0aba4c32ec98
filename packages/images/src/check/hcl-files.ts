import { format } from "@cdktn/hcl-tools";
import { z } from "zod";
import { ImagesError } from "../images-error.ts";
import { type HclFile, parseHcl } from "../templates/read.ts";
import { parseRelease } from "../templates/release.ts";
import { keyProblems, typedTexts } from "./boot-keys.ts";
import { builderProblems } from "./builder-options.ts";
import { type Finding, findingsOf } from "./finding.ts";
import { restoreImageProblems } from "./restore-image.ts";

const templateSchema = z.object({
  source: z
    .object({ "tart-cli": z.record(z.string(), z.array(z.record(z.string(), z.unknown()))) })
    .partial()
    .optional(),
});

/** A template: is it HCL, formatted, does its source ask for what there is, and are there the keys that it types? */
export async function checkTemplate(file: HclFile): Promise<Finding[]> {
  return await orInvalid(file.path, async () => {
    const { source } = templateSchema.parse(await parseHcl(file));
    const sources = Object.values(source?.["tart-cli"] ?? {}).flat();
    return findingsOf(file.path, [
      ...(await formatProblems(file)),
      ...sources.flatMap(builderProblems),
      ...typedTexts(file.text).flatMap(keyProblems),
    ]);
  });
}

/** A variable file: does it hold what a release is, and do its values agree? */
export async function checkRelease(file: HclFile): Promise<Finding[]> {
  return await orInvalid(file.path, async () => {
    const release = await parseRelease(file);
    return findingsOf(file.path, [...(await formatProblems(file)), ...restoreImageProblems(release)]);
  });
}

/** What `packer fmt` would change. */
export const formatProblems = async ({ text }: HclFile) =>
  (await format(text)) === text ? [] : ["it is not formatted: packer fmt"];

/** Findings of a file, of which one is that it is no HCL. */
export async function orInvalid(path: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof ImagesError) return findingsOf(path, [error.message]);
    throw error;
  }
}
