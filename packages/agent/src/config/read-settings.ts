import { Command, CommanderError } from "commander";
import { SECRETS, SETTINGS, type Settings } from "./settings.ts";

/** What the command line and the environment come to. */
export type ReadSettings =
  | { kind: "settings"; settings: Settings }
  | { kind: "mistakes"; mistakes: string[] }
  | { kind: "text"; text: string };

type Environment = Readonly<Record<string, string | undefined>>;

const kebab = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const flagOf = (key: string) => `--${kebab(key)}`;
const variableOf = (key: string) => `TARTFLEET_${kebab(key).replaceAll("-", "_").toUpperCase()}`;

/** An empty variable is one that was not given. */
const set = (variable: string | undefined) => (variable === "" ? undefined : variable);

/** Settings that may be given several times. */
const LISTS = new Set(["label"]);

/**
 * Reads every setting from flags and `TARTFLEET_*` variables; a flag wins over its variable.
 *
 * @param argv the arguments after the program's name
 * @returns the settings; or every mistake, not only the first; or the text of `--help` or `--version`
 */
export function readSettings(argv: readonly string[], env: Environment, version: string): ReadSettings {
  const line = readCommandLine(argv, version);
  if (line.text !== undefined) return { kind: "text", text: line.text };
  const mistakes = line.surplus.map((word) => `${word}: there is no such option; see --help`);
  const given: Record<string, unknown> = {};
  const source: Record<string, string> = {};
  for (const key of Object.keys(SETTINGS.shape)) {
    const flag = line.flags[key];
    const variable = set(env[variableOf(key)]);
    source[key] = flag === undefined && variable !== undefined ? variableOf(key) : flagOf(key);
    if (flag === true) mistakes.push(`${flagOf(key)}: needs a value`);
    else given[key] = flag ?? (variable !== undefined && LISTS.has(key) ? [variable] : variable);
  }
  const secrets: Record<string, unknown> = {};
  for (const key of Object.keys(SECRETS.shape)) {
    secrets[key] = set(env[variableOf(key)]);
    source[key] = variableOf(key);
  }
  const parsed = SETTINGS.safeParse(given);
  const parsedSecrets = SECRETS.safeParse(secrets);
  for (const issue of [...(parsed.error?.issues ?? []), ...(parsedSecrets.error?.issues ?? [])]) {
    mistakes.push(`${source[String(issue.path[0])]}: ${issue.message}`);
  }
  if (parsedSecrets.data?.enrolmentToken !== undefined && parsed.data?.enrolmentTokenFile !== undefined) {
    mistakes.push("--enrolment-token-file: give it or TARTFLEET_ENROLMENT_TOKEN, not both");
  }
  if (mistakes.length > 0 || !parsed.data || !parsedSecrets.data) return { kind: "mistakes", mistakes };
  return { kind: "settings", settings: { ...parsed.data, ...parsedSecrets.data } };
}

interface CommandLine {
  flags: Record<string, string | string[] | true | undefined>;
  surplus: readonly string[];
  text?: string;
}

function readCommandLine(argv: readonly string[], version: string): CommandLine {
  const written: string[] = [];
  const program = new Command("tartfleet-agent")
    .description(
      "The agent of a tartfleet: runs VMs on this host as its control plane wants. Every option is also a variable: TARTFLEET_URL, …",
    )
    .version(version)
    .allowUnknownOption()
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeOut: (text) => written.push(text), writeErr: (text) => written.push(text) });
  for (const [key, schema] of Object.entries(SETTINGS.shape)) {
    // The value is optional to commander, so that a missing one is listed with the other mistakes.
    const option = program.createOption(`${flagOf(key)} [value]`, schema.description);
    if (LISTS.has(key)) option.argParser(gather);
    program.addOption(option);
  }
  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return { flags: {}, surplus: [], text: written.join("") };
    throw error;
  }
  return { flags: program.opts(), surplus: program.args };
}

function gather(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
