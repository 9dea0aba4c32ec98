import type { HclFile } from "../templates/read.ts";

/**
 * Templates that packer can look at without the plugin, which is for macOS only: a source of builder `tart-cli`
 * becomes one of the built-in `null`, and its options a local value, whose expressions are still evaluated. Debian's
 * packer 1.6.6 knows no required_plugins either. Text may be cut so, because formatted files end a block in column 0.
 */
export function shim({ path, text }: HclFile): HclFile {
  const shimmed = text
    .replaceAll(/^packer \{\n[\s\S]*?^\}\n/gm, "")
    .replaceAll(
      /^source "tart-cli" "(\w+)" \{\n([\s\S]*?)^\}\n/gm,
      (_, name: string, body: string) =>
        `source "null" "${name}" {\n  communicator = "none"\n}\n\nlocals {\n  options_of_${name} = {\n${body}  }\n}\n`,
    )
    .replaceAll('"source.tart-cli.', '"source.null.');
  return { path, text: shimmed };
}
