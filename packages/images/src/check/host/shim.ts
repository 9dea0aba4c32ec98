import type { HclFile } from "../../templates/read.ts";
import { NEWER_BLOCKS, NEWER_OPTIONS } from "./options.ts";

/**
 * A template that Debian's packer 1.6.6 can look at: it has the builder amazon-ebs built in, in an older version, and knows
 * no required_plugins. What is left away here `macSourceProblems` looks at. Text may be cut so, because it is formatted.
 */
export function hostShim({ path, text }: HclFile): HclFile {
  const blocks = NEWER_BLOCKS.join("|");
  return {
    path,
    text: text
      .replaceAll(/^packer \{\n[\s\S]*?^\}\n/gm, "")
      .replaceAll(new RegExp(`^ {2}(?:dynamic ")?(?:${blocks})"? \\{\\n[\\s\\S]*?^ {2}\\}\\n`, "gm"), "")
      .replaceAll(new RegExp(`^ {2}(?:${NEWER_OPTIONS.join("|")}) += .*\\n`, "gm"), ""),
  };
}
