import { readReleases } from "../templates/release.ts";
import type { Finding } from "./finding.ts";
import { checkHostBy, checkHostFiles } from "./host/check-host.ts";
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

interface Folders {
  /** Of the images' templates. */
  folder: string;
  /** Of the template of the hosts' AMI. */
  hostFolder: string;
}

/** Everything that can be said of the templates without a Mac and without a network. */
export async function check({ folder, hostFolder }: Folders): Promise<Checked> {
  const findings = [...(await checkFiles(folder)), ...ofHost(await checkHostFiles(hostFolder))];
  // Others would say the same in worse words.
  if (findings.length > 0) return { findings, missing: [] };
  const missing: Program[] = [];
  for (const program of PROGRAMS) {
    if (!(await isInstalled(program))) {
      missing.push(program);
      continue;
    }
    findings.push(...(await checkBy(program, folder)), ...ofHost(await checkHostBy(program, hostFolder)));
  }
  return { findings, missing };
}

const ofHost = (findings: readonly Finding[]) =>
  findings.map(({ file, problem }) => ({ file: `host/${file}`, problem }));

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
