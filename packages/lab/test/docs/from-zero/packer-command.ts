import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Objection } from "./own-programs.ts";
import { ROOT } from "./reader-home.ts";

/** The variables that the templates of a folder declare. */
function declared(folder: string): Set<string> {
  const templates = readdirSync(folder).filter((name) => name.endsWith(".pkr.hcl"));
  const texts = templates.map((name) => readFileSync(join(folder, name), "utf8"));
  return new Set(
    texts.flatMap((text) => [...text.matchAll(/^variable "(\w+)"/gm)].map(([, name = ""]) => name)),
  );
}

/** `packer init|validate|build [-var name=value] [-var-file=file] FOLDER`, against the templates that are there. */
export const packerObjection: Objection = async ([command = "", ...words]) => {
  if (!["init", "validate", "build"].includes(command)) return `packer has no ${command}`;
  const target = words.at(-1) ?? "";
  const folder = join(ROOT, target);
  if (!existsSync(folder)) return `there is no ${target}`;
  const variables = declared(folder);
  for (let at = 0; at < words.length - 1; at += 1) {
    const word = words[at] ?? "";
    const [, option = "", inline] = /^(-[a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (option === "-var") {
      const [name = ""] = (inline ?? words[(at += 1)] ?? "").split("=");
      if (!variables.has(name)) return `${target} declares no variable ${name}`;
    } else if (option === "-var-file") {
      const file = inline ?? words[(at += 1)] ?? "";
      if (!existsSync(join(ROOT, file))) return `there is no ${file}`;
    } else if (!["-only", "-color", "-on-error", "-timestamp-ui"].includes(option)) {
      return `packer has no ${word}`;
    }
  }
  return undefined;
};
