import { parse } from "@cdktn/hcl2json";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { ImagesError } from "../images-error.ts";

export interface HclFile {
  /** Below the folder of templates. */
  path: string;
  text: string;
}

/** The files in a folder of `folder`, as paths below `folder`, in a settled order. */
export async function filesBelow(folder: string, sub: string): Promise<string[]> {
  const found = await readdir(join(folder, sub), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** All templates and variable files. */
export async function readHclFiles(folder: string): Promise<HclFile[]> {
  const paths = (await filesBelow(folder, ".")).filter((path) => path.endsWith(".hcl"));
  return await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(folder, path), "utf8") })),
  );
}

/**
 * Blocks and attributes of a file as plain values; expressions stay text in `${…}`.
 *
 * @throws ImagesError `invalid_templates` when it is not HCL
 */
export async function parseHcl({ path, text }: HclFile): Promise<Record<string, unknown>> {
  try {
    return await parse(path, text);
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
    throw new ImagesError("invalid_templates", `${path} is not HCL: ${why}`, "Correct it.");
  }
}
