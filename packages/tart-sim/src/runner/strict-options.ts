/** What a program understands: option name (with its dashes) → whether a value follows. */
export type OptionTable = Readonly<Record<string, "flag" | "value">>;

export interface ParsedOptions {
  flags: Set<string>;
  values: Map<string, string>;
}

/** An option that the real program would not understand, or a value that is missing. */
export class BadOption extends Error {}

/**
 * Reads `--name value`, `--name=value` and flags; strict, so that a mistake in a start script turns
 * a test red rather than being swallowed.
 */
export function parseOptions(argv: readonly string[], table: OptionTable): ParsedOptions {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [name, inline] = splitOnce(word, "=");
    const kind = table[name];
    if (kind === undefined) throw new BadOption(`unknown option: ${word}`);
    if (kind === "flag") {
      flags.add(name);
      continue;
    }
    const value = inline ?? rest.shift();
    if (value === undefined) throw new BadOption(`option needs a value: ${name}`);
    values.set(name, value);
  }
  return { flags, values };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
