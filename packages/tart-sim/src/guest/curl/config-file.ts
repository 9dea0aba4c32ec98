/** One line of a `-K` file: an option without its dashes, and what it is set to. */
export interface ConfigLine {
  name: string;
  value: string | undefined;
}

const escapes: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", v: "\v" };

/** Reads a curl config file: `header = "…"`, `header: …`, `-s`, `--fail`, comments by `#`. */
export function parseConfig(text: string): ConfigLine[] {
  return text.split("\n").flatMap((line) => {
    const [, name, rest = ""] = /^\s*-{0,2}([^\s:=#]+)\s*[:=]?\s*(.*?)\s*$/.exec(line) ?? [];
    return name === undefined || line.trimStart().startsWith("#") ? [] : [{ name, value: valueOf(rest) }];
  });
}

function valueOf(text: string): string | undefined {
  if (text === "") return undefined;
  if (!text.startsWith('"')) return text;
  const [, inside = ""] = /^"((?:\\.|[^"\\])*)"/.exec(text) ?? [];
  return inside.replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
}
