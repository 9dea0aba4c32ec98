import { Command, CommanderError } from "commander";
import type { z } from "zod";

/** What the command line and the environment come to. */
export type ReadSettings<S> =
  | { kind: "settings"; settings: S }
  | { kind: "mistakes"; mistakes: string[] }
  | { kind: "text"; text: string };

/** A program and its settings. The flag, the variable, the help text and the type are all made from the table. */
export interface Program<Table extends z.ZodObject, Secrets extends z.ZodObject> {
  name: string;
  description: string;
  version: string;
  /** `dataDir` is `--data-dir` and `TARTFLEET_DATA_DIR`. */
  table: Table;
  /** Variables only, never flags: every user of a machine can read a command line. */
  secrets: Secrets;
  /** Keys of the table that may be given several times; they come as an array. */
  lists: readonly string[];
  /** Keys of the table that are given as plain words, in this order; neither flags nor variables. */
  operands?: readonly string[];
  /** Keys of the table whose flag stands alone, without a value; fields of the kind `onOff`. */
  switches?: readonly string[];
  /** What is wrong only when several settings are seen together. */
  contradictions(settings: z.output<Table> & z.output<Secrets>): string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const kebab = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const flagOf = (key: string) => `--${kebab(key)}`;
const nameOf = (key: string) => kebab(key).toUpperCase();
const variableOf = (key: string) => `TARTFLEET_${kebab(key).replaceAll("-", "_").toUpperCase()}`;

/**
 * Reads every setting from flags and `TARTFLEET_*` variables; a flag wins over its variable, and an empty
 * variable is one that was not given.
 *
 * @param argv the arguments after the program's name
 * @returns the settings; or every mistake, not only the first; or the text of `--help` or `--version`
 */
export function readSettings<Table extends z.ZodObject, Secrets extends z.ZodObject>(
  program: Program<Table, Secrets>,
  argv: readonly string[],
  env: Environment,
): ReadSettings<z.output<Table> & z.output<Secrets>> {
  const line = readCommandLine(program, argv);
  if (line.text !== undefined) return { kind: "text", text: line.text };
  const mistakes = line.surplus.map((word) => `${word}: there is no such option; see --help`);
  const { table, secrets, lists, operands = [], switches = [] } = program;
  const given: Record<string, unknown> = {};
  const source: Record<string, string> = {};
  for (const key of operands) {
    given[key] = line.operands[key];
    source[key] = nameOf(key);
  }
  for (const key of Object.keys(table.shape).filter((key) => !operands.includes(key))) {
    const flag = line.flags[key];
    const variable = env[variableOf(key)] || undefined;
    source[key] = flag === undefined && variable !== undefined ? variableOf(key) : flagOf(key);
    if (flag === true && switches.includes(key)) given[key] = "true";
    else if (flag === true) mistakes.push(`${flagOf(key)}: needs a value`);
    else given[key] = flag ?? (variable !== undefined && lists.includes(key) ? [variable] : variable);
  }
  const hidden: Record<string, unknown> = {};
  for (const key of Object.keys(secrets.shape)) {
    hidden[key] = env[variableOf(key)] || undefined;
    source[key] = variableOf(key);
  }
  const parsed = table.safeParse(given);
  const parsedSecrets = secrets.safeParse(hidden);
  for (const issue of [...(parsed.error?.issues ?? []), ...(parsedSecrets.error?.issues ?? [])]) {
    mistakes.push(`${source[String(issue.path[0])]}: ${issue.message}`);
  }
  if (!parsed.success || !parsedSecrets.success) return { kind: "mistakes", mistakes };
  const settings = { ...parsed.data, ...parsedSecrets.data };
  mistakes.push(...program.contradictions(settings));
  return mistakes.length > 0 ? { kind: "mistakes", mistakes } : { kind: "settings", settings };
}

interface CommandLine {
  operands: Record<string, string | undefined>;
  flags: Record<string, string | string[] | true | undefined>;
  surplus: readonly string[];
  text?: string;
}

function readCommandLine(
  program: Omit<Program<z.ZodObject, z.ZodObject>, "secrets" | "contradictions">,
  argv: readonly string[],
): CommandLine {
  const written: string[] = [];
  const { operands = [] } = program;
  const [first] = Object.keys(program.table.shape);
  const command = new Command(program.name)
    .description(`${program.description} Every option is also a variable: ${variableOf(first ?? "")}, …`)
    .version(program.version)
    .allowUnknownOption()
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeOut: (text) => written.push(text), writeErr: (text) => written.push(text) });
  for (const [key, schema] of Object.entries(program.table.shape)) {
    if (operands.includes(key)) {
      command.argument(`[${nameOf(key)}]`, descriptionOf(schema));
      continue;
    }
    // The value is optional to commander, so that a missing one is listed with the other mistakes.
    const flags = program.switches?.includes(key) ? flagOf(key) : `${flagOf(key)} [value]`;
    const option = command.createOption(flags, descriptionOf(schema));
    if (program.lists.includes(key)) option.argParser(gather);
    command.addOption(option);
  }
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError)
      return { operands: {}, flags: {}, surplus: [], text: written.join("") };
    throw error;
  }
  const words = command.args.filter((word) => !word.startsWith("-"));
  const taken = Object.fromEntries(operands.map((key, index) => [key, words[index]]));
  const surplus = command.args.filter((word) => !operands.some((key) => taken[key] === word));
  return { operands: taken, flags: command.opts(), surplus };
}

function descriptionOf(schema: z.core.$ZodType): string {
  return "description" in schema && typeof schema.description === "string" ? schema.description : "";
}

function gather(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
