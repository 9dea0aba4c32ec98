import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { filesBelow, type HclFile, parseHcl } from "../templates/read.ts";
import { type Finding, findingsOf } from "./finding.ts";
import { missingVariables, scriptRuns, type ScriptRun } from "./script-variables.ts";
import { scriptProblems } from "./scripts.ts";

/** Scripts that no template runs are as wrong as those that are not there. */
export async function checkScripts(folder: string, templates: readonly HclFile[]): Promise<Finding[]> {
  const there = await filesBelow(folder, "scripts");
  const runs = (await Promise.all(templates.map(runsOf))).flat();
  const scripts = await Promise.all(
    there.map(async (path) => {
      const [text, { mode }] = await Promise.all([
        readFile(join(folder, path), "utf8"),
        stat(join(folder, path)),
      ]);
      const own = runs.filter((run) => run.path === path);
      const missing = new Set(own.flatMap(({ given }) => missingVariables(text, given)));
      return findingsOf(path, [
        ...scriptProblems(text),
        ...(own.length > 0 ? [] : ["no template runs it"]),
        ...((mode & 0o111) === 0 ? ["it may not be executed"] : []),
        ...[...missing].map((name) => `a template that runs it does not give it ${name}`),
      ]);
    }),
  );
  const gone = new Set(runs.map(({ path }) => path).filter((path) => !there.includes(path)));
  return [
    ...scripts.flat(),
    ...[...gone].map((file) => ({ file, problem: "a template runs it, and it is not there" })),
  ];
}

/** What is no HCL runs nothing; that is said of the template itself. */
async function runsOf(template: HclFile): Promise<ScriptRun[]> {
  return await parseHcl(template).then(scriptRuns, () => []);
}
