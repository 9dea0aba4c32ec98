import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { filesBelow } from "../../templates/read.ts";
import { type Finding, findingsOf } from "../finding.ts";
import { newerBash, scriptProblems } from "../scripts.ts";

const FIRST = "boot/boot.sh";

/** What a host runs at boot: launchd starts one script, and that the others; what is in `lib` is read by them. */
export async function checkBootFiles(folder: string): Promise<Finding[]> {
  const paths = await filesBelow(folder, "boot");
  const texts = new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(folder, path), "utf8")] as const)),
  );
  const all = [...texts.values()].join("\n");
  const checked = await Promise.all(
    [...texts].map(async ([path, text]) => {
      if (path.startsWith("boot/lib/")) return findingsOf(path, [...newerBash(text), ...unused(path, all)]);
      const { mode } = await stat(join(folder, path));
      return findingsOf(path, [
        ...scriptProblems(text),
        ...((mode & 0o111) === 0 ? ["it may not be executed"] : []),
        ...(path === FIRST ? [] : unused(path, all)),
      ]);
    }),
  );
  return checked.flat();
}

const unused = (path: string, all: string) =>
  all.includes(`"$here/${path.slice("boot/".length)}"`) ? [] : ["no script at boot takes it"];
