import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const manifestSchema = z.object({ name: z.string(), version: z.string(), license: z.string().optional() });

/** The licences of all that comes from others: Node, and the packages that some module of the bundle is of. */
export async function licencesText(
  modules: readonly string[],
  nodeLicence: string | undefined,
): Promise<string> {
  const folders = new Set(modules.flatMap((path) => folderOf(path) ?? []));
  const parts = await Promise.all([...folders].map(partOf));
  return [
    "What this bundle has from others, each with its licence.\n",
    part("Node.js", nodeLicence ?? "MIT and others: https://github.com/nodejs/node/blob/main/LICENSE"),
    ...parts.sort(),
  ].join("\n");
}

/** @returns undefined for what is our own */
function folderOf(module: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(module)?.[0];
}

async function partOf(folder: string): Promise<string> {
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, "package.json"), "utf8")));
  const { name, version, license } = manifest;
  const files = (await readdir(folder)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  if (texts.length === 0 && license === undefined) throw new Error(`${folder} does not tell its licence`);
  return part(`${name} ${version}`, texts.join("\n") || `Licence: ${license}`);
}

function part(title: string, text: string): string {
  return `${"=".repeat(80)}\n${title}\n${"=".repeat(80)}\n\n${text.trim()}\n`;
}
