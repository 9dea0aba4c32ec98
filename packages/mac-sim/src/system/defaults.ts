import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { build, parse, type PlistValue } from "plist";
import { fail, ok, type Program } from "./state.ts";

type Settings = Record<string, PlistValue>;

/** defaults(1), for files that are named by a whole path without `.plist`. */
export const defaults: Program = ([verb, named = "", key, ...rest], { root, user }) => {
  const path = verb === "read" ? whole(named, root, user) : named;
  if (!path.startsWith(`${root}/`) || path.endsWith(".plist"))
    return fail(255, `defaults: not a path below this Mac: ${path}`);
  const file = `${path}.plist`;
  const settings = existsSync(file) ? settingsOf(parse(readFileSync(file, "utf8"))) : {};
  const missing = () => fail(1, `The domain/default pair of (${path}, ${key}) does not exist`);
  switch (verb ?? "") {
    case "export":
      return key === "-" && rest.length === 0 ? ok(`${build(settings)}\n`) : fail(255, "defaults: usage");
    case "read": {
      const value = key === undefined ? undefined : settings[key];
      return value === undefined || rest.length > 0
        ? missing()
        : ok(`${typeof value === "string" ? value : oldStyle(value)}\n`);
    }
    case "delete":
      if (key === undefined || rest.length > 0) return fail(255, "defaults: usage");
      if (!(key in settings)) return missing();
      write(file, Object.fromEntries(Object.entries(settings).filter(([name]) => name !== key)));
      return ok();
    case "write": {
      const value = key === undefined ? undefined : valueOf(rest);
      if (key === undefined || value === undefined)
        return fail(255, `defaults: cannot read ${rest.join(" ")}`);
      if (!statSync(dirname(file), { throwIfNoEntry: false })) return fail(1, "Could not write domain");
      write(file, { ...settings, [key]: value });
      return ok();
    }
    default:
      return fail(255, `defaults: unknown verb ${verb}`);
  }
};

/** The doctor knows nothing of folders that stand for Macs. */
function whole(named: string, root: string, user: string): string {
  if (named.startsWith(root)) return named;
  return named.startsWith("/") ? `${root}${named}` : `${root}/Users/${user}/Library/Preferences/${named}`;
}

function write(file: string, settings: Settings): void {
  writeFileSync(file, `${build(sorted(settings))}\n`, { mode: 0o644 });
}

function sorted(value: PlistValue): PlistValue {
  if (!isSettings(value)) return value;
  const entries = Object.entries(value).map(([key, one]): [string, PlistValue] => [key, sorted(one)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isSettings(value: PlistValue): value is Settings {
  const isOther = Array.isArray(value) || value instanceof Date || value instanceof Uint8Array;
  return typeof value === "object" && value !== null && !isOther;
}

function settingsOf(value: PlistValue): Settings {
  if (isSettings(value)) return value;
  throw new Error("this file holds no settings");
}

function valueOf([type = "", ...rest]: readonly string[]): PlistValue | undefined {
  switch (type) {
    case "-array":
      return [...rest];
    case "-dict":
      return dictionary(rest);
    case "-string":
    case "-int":
    case "-bool":
      return rest.length === 1 ? scalar(type, rest[0] ?? "") : undefined;
    default:
      if (rest.length > 0 || !type.startsWith("<")) return undefined;
      return parse(`<plist version="1.0">${type}</plist>`);
  }
}

function dictionary(words: readonly string[]): PlistValue | undefined {
  const entries: Settings = {};
  for (let at = 0; at < words.length; at += 3) {
    const value = scalar(words[at + 1] ?? "", words[at + 2] ?? "");
    if (value === undefined) return undefined;
    entries[words[at] ?? ""] = value;
  }
  return entries;
}

function scalar(type: string, text: string): PlistValue | undefined {
  if (type === "-string") return text;
  if (type === "-int" && /^-?\d+$/.test(text)) return Number(text);
  if (type === "-bool" && /^(true|false)$/.test(text)) return text === "true";
  return undefined;
}

/** As `defaults read` prints what is no string. */
function oldStyle(value: PlistValue): string {
  if (Array.isArray(value)) return `(\n${value.map((one) => `    "${oldStyle(one)}"`).join(",\n")}\n)`;
  if (typeof value === "object" && value !== null) {
    return `{\n${Object.entries(value)
      .map(([key, one]) => `    ${key} = ${oldStyle(one)};\n`)
      .join("")}}`;
  }
  return value === true ? "1" : value === false ? "0" : String(value);
}
