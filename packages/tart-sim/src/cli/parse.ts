import { editDistance } from "./edit-distance.ts";
import type { ArgumentSpec, CommandSpec, OptionSpec, ParsedCommand } from "./spec.ts";
import { dashed } from "./usage.ts";

/** What the parser makes of an argument vector: a command, a request for help or version, or a mistake. */
export type ParseResult =
  | { kind: "command"; command: ParsedCommand }
  | { kind: "help" }
  | { kind: "version" }
  | { kind: "mistake"; message: string; help?: string };

interface Found {
  values: Map<string, string[]>;
  flags: Map<string, boolean>;
  positionals: string[];
  passthrough: string[];
  unknown: string[];
  wantsHelp: boolean;
  wantsVersion: boolean;
}

const mistake = (message: string, help?: string): ParseResult =>
  help === undefined ? { kind: "mistake", message } : { kind: "mistake", message, help };

/** `-1` and a lone `-` count as values only where nothing else can be meant; options start with a dash. */
const looksLikeOption = (word: string): boolean => word.startsWith("-") && word !== "-";

/**
 * Understands the words after `tart <command>` as swift-argument-parser does: mistakes in values
 * first, then missing arguments, and what is left over only after the command's own validation.
 */
export function parseCommand(spec: CommandSpec, words: readonly string[]): ParseResult {
  const found = scan(spec, words);
  if ("kind" in found) return found;
  const bound = bindArguments(spec.args, found);
  const missing = bound.missing ?? spec.options.find((o) => o.required && !found.values.has(o.long));
  if (missing !== undefined) {
    const early = builtIn(found);
    if (early !== undefined) return early;
    const name = "long" in missing ? `${dashed(missing)} <${missing.value ?? ""}>` : `<${missing.name}>`;
    const repeated = "long" in missing || missing.repeat === undefined ? "" : " ...";
    return mistake(`Missing expected argument '${name}${repeated}'`, `${name}  ${missing.help}`);
  }
  return builtIn(found) ?? { kind: "command", command: parsedCommand(spec, found, bound) };
}

const builtIn = (found: Found): ParseResult | undefined =>
  found.wantsHelp ? { kind: "help" } : found.wantsVersion ? { kind: "version" } : undefined;

function scan(spec: CommandSpec, words: readonly string[]): Found | ParseResult {
  const found: Found = {
    values: new Map(),
    flags: new Map(),
    positionals: [],
    passthrough: [],
    unknown: [],
    wantsHelp: false,
    wantsVersion: false,
  };
  const passthroughFrom = spec.args.findIndex((argument) => argument.repeat === "passthrough");
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (passthroughFrom >= 0 && found.positionals.length === passthroughFrom) {
      // From the first word after the last plain positional on, everything is the guest's (§7).
      found.passthrough.push(...words.slice(index));
      return found;
    }
    if (word === "--") {
      found.positionals.push(...words.slice(index + 1));
      return found;
    }
    if (!looksLikeOption(word)) {
      found.positionals.push(word);
      continue;
    }
    const taken = takeOption(spec, found, word, words[index + 1]);
    if (typeof taken !== "number") return taken;
    index += taken;
  }
  return found;
}

/** Reads one option word; answers how many further words it used up. */
function takeOption(
  spec: CommandSpec,
  found: Found,
  word: string,
  next: string | undefined,
): number | ParseResult {
  if (!word.startsWith("--")) return takeShort(spec, found, word, next);
  const equals = word.indexOf("=");
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
  const attached = equals < 0 ? undefined : word.slice(equals + 1);
  if (name === "help" || name === "version") {
    if (name === "help") found.wantsHelp = true;
    else found.wantsVersion = true;
    return 0;
  }
  const option = spec.options.find((o) => o.long === name);
  const inverted = spec.options.find((o) => o.invertible && `no-${o.long}` === name);
  if (option === undefined && inverted === undefined) {
    found.unknown.push(`--${name}`);
    return 0;
  }
  if (option?.value !== undefined)
    return takeValue(found, option, word.slice(0, name.length + 2), attached, next);
  if (attached !== undefined)
    return mistake(`The option '--${name}' does not take any value, but '${attached}' was specified.`);
  if (option !== undefined) found.flags.set(option.long, true);
  else if (inverted !== undefined) found.flags.set(inverted.long, false);
  return 0;
}

function takeShort(
  spec: CommandSpec,
  found: Found,
  word: string,
  next: string | undefined,
): number | ParseResult {
  const letters = word.slice(1);
  for (const letter of letters) {
    const option = spec.options.find((o) => o.short === letter);
    if (letter === "h" && option === undefined) found.wantsHelp = true;
    else if (option === undefined) found.unknown.push(letters.length > 1 ? `-${letter}` : word);
    else if (option.value !== undefined) {
      if (letters.length > 1)
        return mistake(`Missing value for '-${letter} <${option.value}>'`, optionHelp(option, `-${letter}`));
      return takeValue(found, option, word, undefined, next);
    } else found.flags.set(option.long, true);
  }
  return 0;
}

const optionHelp = (option: OptionSpec, shown: string): string =>
  `${shown} <${option.value ?? ""}>  ${option.help}`;

function takeValue(
  found: Found,
  option: OptionSpec,
  shown: string,
  attached: string | undefined,
  next: string | undefined,
): number | ParseResult {
  const value = attached ?? (next !== undefined && !looksLikeOption(next) ? next : undefined);
  if (value === undefined)
    return mistake(`Missing value for '${shown} <${option.value ?? ""}>'`, optionHelp(option, shown));
  const invalid =
    option.type === "int" ? !/^[+-]?\d+$/.test(value) : option.choices?.includes(value) === false;
  if (invalid) {
    const allowed =
      option.choices === undefined
        ? ""
        : `. Please provide one of ${option.choices.map((choice) => `'${choice}'`).join(" and ")}.`;
    return mistake(
      `The value '${value}' is invalid for '${shown} <${option.value ?? ""}>'${allowed}`,
      optionHelp(option, shown),
    );
  }
  found.values.set(option.long, [...(found.values.get(option.long) ?? []), value]);
  return attached === undefined ? 1 : 0;
}

interface Bound {
  byName: Map<string, readonly string[]>;
  extra: readonly string[];
  missing?: ArgumentSpec;
}

function bindArguments(specs: readonly ArgumentSpec[], found: Found): Bound {
  const byName = new Map<string, readonly string[]>();
  const rest = [...found.positionals];
  let missing: ArgumentSpec | undefined;
  for (const spec of specs) {
    const values =
      spec.repeat === "passthrough"
        ? found.passthrough
        : rest.splice(0, spec.repeat === "all" ? rest.length : 1);
    if (values.length > 0) byName.set(spec.name, values);
    else if (!spec.optional) missing ??= spec;
  }
  return missing === undefined ? { byName, extra: rest } : { byName, extra: rest, missing };
}

function parsedCommand(spec: CommandSpec, found: Found, bound: Bound): ParsedCommand {
  const last = (long: string): string | undefined => found.values.get(long)?.at(-1);
  const unknown = found.unknown[0];
  return {
    spec,
    flag: (long) => found.flags.get(long) ?? false,
    value: last,
    values: (long) => found.values.get(long) ?? [],
    int: (long) => {
      const value = last(long);
      return value === undefined ? undefined : Number(value);
    },
    arg: (name) => {
      const value = bound.byName.get(name)?.[0];
      if (value === undefined) throw new Error(`tart ${spec.name} has no argument <${name}>`);
      return value;
    },
    optionalArg: (name) => bound.byName.get(name)?.[0],
    args: (name) => bound.byName.get(name) ?? [],
    leftovers:
      unknown === undefined
        ? { unexpected: bound.extra }
        : { unknownOption: unknown, unexpected: bound.extra },
  };
}

/** What is said about words nobody asked for; undefined when there are none. */
export function leftoverMistake(command: ParsedCommand): string | undefined {
  const { unknownOption, unexpected } = command.leftovers;
  if (unknownOption !== undefined) return unknownOptionMessage(command.spec, unknownOption);
  if (unexpected.length === 0) return undefined;
  if (unexpected.length === 1) return `Unexpected argument '${unexpected[0] ?? ""}'`;
  return `${unexpected.length} unexpected arguments: '${unexpected.join("', '")}'`;
}

/** Suggestions are made below this edit distance. */
const SIMILAR = 4;

function unknownOptionMessage(spec: CommandSpec, name: string): string {
  const message = `Unknown option '${name}'`;
  if (!name.startsWith("--")) return message;
  const nearest = spec.options
    .filter((option) => !option.hidden)
    .map((option) => ({ shown: dashed(option), distance: editDistance(dashed(option), name) }))
    .filter(({ distance }) => distance < SIMILAR)
    .sort((a, b) => a.distance - b.distance)[0];
  return nearest === undefined ? message : `${message}. Did you mean '${nearest.shown}'?`;
}
