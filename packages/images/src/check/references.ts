import { basename } from "node:path";
import type { HclFile } from "../templates/read.ts";
import type { Finding } from "./finding.ts";

/** Variables and locals that nobody declares, or that nothing takes. */
export function referenceProblems(files: readonly HclFile[], releases: readonly HclFile[]): Finding[] {
  const templates = files.map(withoutComments);
  const variables = new Map(
    templates.flatMap(({ path, text }) => names(text, /^variable "(\w+)"/gm).map((name) => [name, path])),
  );
  const locals = new Map(
    templates.flatMap(({ path, text }) =>
      names(localsOf(text), /^ {2}(\w+) += /gm).map((name) => [name, path]),
    ),
  );
  return [
    // What a release says of its restore image is for people and for `plan`, too.
    ...unmatched(
      "var",
      variables,
      templates,
      releases.flatMap(({ text }) => names(text, /^(\w+) += /gm)),
    ),
    ...unmatched("local", locals, templates, []),
  ];
}

/** Releases for whose Setup Assistant nothing is typed. */
export function untypedReleases(files: readonly HclFile[], releases: readonly HclFile[]): Finding[] {
  const typed = new Set(
    files
      .map(withoutComments)
      .flatMap(({ text }) => names(localsOf(text), /^ {4}"?([a-z-]+)"? = concat\(/gm)),
  );
  return releases
    .map(({ path }) => path)
    .filter((path) => !typed.has(basename(path, ".pkrvars.hcl")))
    .map((file) => ({ file, problem: "local.setup_assistant has nothing for it" }));
}

function unmatched(
  kind: "var" | "local",
  declared: ReadonlyMap<string, string>,
  templates: readonly HclFile[],
  alsoUsed: readonly string[],
): Finding[] {
  const taken = templates.flatMap(({ path, text }) =>
    names(text, new RegExp(`\\b${kind}\\.(\\w+)`, "g")).map((name) => ({ file: path, name })),
  );
  const used = new Set([...taken.map(({ name }) => name), ...alsoUsed]);
  return [
    ...taken
      .filter(({ name }) => !declared.has(name))
      .map(({ file, name }) => ({ file, problem: `nobody declares ${kind}.${name}` })),
    ...[...declared]
      .filter(([name]) => !used.has(name))
      .map(([name, file]) => ({ file, problem: `nothing takes ${kind}.${name}` })),
  ];
}

const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = ""]) => name);

const withoutComments = ({ path, text }: HclFile): HclFile => ({
  path,
  text: text.replaceAll(/^\s*#.*$/gm, ""),
});

/** Formatted files end a block in column 0. */
const localsOf = (text: string) =>
  [...text.matchAll(/^locals \{\n([\s\S]*?)^\}/gm)].map(([, body = ""]) => body).join("\n");
