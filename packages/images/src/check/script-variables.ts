import { z } from "zod";

const shellSchema = z.object({
  environment_vars: z.array(z.string()).default([]),
  scripts: z.array(z.string()),
});
const buildSchema = z.object({
  build: z
    .array(z.object({ provisioner: z.object({ shell: z.array(shellSchema).default([]) }).optional() }))
    .default([]),
});

/** What every session has. */
const ALWAYS: ReadonlySet<string> = new Set(["HOME", "PATH", "USER", "LANG"]);

/** A script of a template, and what it is given beside what every session has. */
export interface ScriptRun {
  /** Below the folder of templates. */
  path: string;
  given: ReadonlySet<string>;
}

/** The scripts that a template runs. */
export function scriptRuns(template: Readonly<Record<string, unknown>>): ScriptRun[] {
  const { build } = buildSchema.parse(template);
  return build
    .flatMap(({ provisioner }) => provisioner?.shell ?? [])
    .flatMap(({ environment_vars, scripts }) => {
      const given = new Set(environment_vars.map((one) => one.slice(0, one.indexOf("="))));
      return scripts.map((script) => ({ path: script.replace("${path.root}/", ""), given }));
    });
}

/**
 * Variables that a script takes and is not given. `set -u` ends it then, an hour into a build. Ours are in capitals, a
 * script's own in small letters.
 */
export function missingVariables(script: string, given: ReadonlySet<string>): string[] {
  const code = script.replaceAll(/^\s*#.*$/gm, "");
  const taken = [...code.matchAll(/\$\{?([A-Z][A-Z0-9_]*)/g)].map(([, name = ""]) => name);
  return [...new Set(taken)].filter((name) => !given.has(name) && !ALWAYS.has(name));
}
