import { readReleases } from "../templates/release.ts";
import type { Finding } from "./finding.ts";
import {
  checkByPacker,
  checkByShellcheck,
  checkByZsh,
  isInstalled,
  PROGRAMS,
  type Program,
} from "./programs.ts";
import { checkFiles } from "./pure.ts";

export interface Checked {
  findings: Finding[];
  /** Not installed here: what they would see went unseen. */
  missing: Program[];
}

/** Everything that can be said of the templates without a Mac and without a network. */
export async function check(folder: string): Promise<Checked> {
  const findings = await checkFiles(folder);
  // Others would say the same in worse words.
  if (findings.length > 0) return { findings, missing: [] };
  const missing: Program[] = [];
  for (const program of PROGRAMS) {
    if (await isInstalled(program)) findings.push(...(await checkBy(program, folder)));
    else missing.push(program);
  }
  return { findings, missing };
}

async function checkBy(program: Program, folder: string): Promise<Finding[]> {
  switch (program) {
    case "packer":
      return await checkByPacker(folder, await readReleases(folder));
    case "shellcheck":
      return await checkByShellcheck(folder);
    case "zsh":
    default:
      return await checkByZsh(folder);
  }
}
