import { isIPv6 } from "node:net";
import { Command, CommanderError } from "commander";
import { SETTINGS } from "./settings.ts";
import type { ListenAddress, Settings } from "./settings.ts";

/** The settings once the control plane has its address: every value is known. Durations carry their unit. */
export type Config = Omit<Settings, "publicUrl"> & {
  /** What VMs and agents are told; without a slash at the end. */
  publicUrl: string;
};

/** What the command line and the environment come to. */
export type ReadSettings =
  | { kind: "settings"; settings: Settings }
  | { kind: "mistakes"; mistakes: string[] }
  | { kind: "text"; text: string };

const kebab = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const flagOf = (key: string) => `--${kebab(key)}`;
const variableOf = (key: string) => `TARTFLEET_${kebab(key).replaceAll("-", "_").toUpperCase()}`;
const isWildcard = (host: string) => host === "0.0.0.0" || /^[0:]+$/.test(host);

/**
 * Reads every setting from flags and `TARTFLEET_*` variables; a flag wins over its variable.
 *
 * @param argv the arguments after the program's name
 * @returns the settings; or every mistake, not only the first; or the text that `--help` or `--version` asks for
 */
export function readSettings(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  version: string,
): ReadSettings {
  const line = readCommandLine(argv, version);
  if (line.text !== undefined) return { kind: "text", text: line.text };
  const mistakes = line.surplus.map((word) => `${word}: there is no such option; see --help`);
  const given: Record<string, unknown> = {};
  const source: Record<string, string> = {};
  for (const key of Object.keys(SETTINGS.shape)) {
    const flag = line.flags[key];
    const variable = env[variableOf(key)];
    source[key] = flag === undefined && variable !== undefined ? variableOf(key) : flagOf(key);
    if (flag === true) mistakes.push(`${flagOf(key)}: needs a value`);
    else given[key] = flag ?? variable;
  }
  const parsed = SETTINGS.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) {
    mistakes.push(`${source[String(issue.path[0])]}: ${issue.message}`);
  }
  if (parsed.data) mistakes.push(...contradictions(parsed.data));
  if (mistakes.length > 0 || !parsed.data) return { kind: "mistakes", mistakes };
  return { kind: "settings", settings: parsed.data };
}

/** What is wrong only when several settings are seen together. */
function contradictions(settings: Settings): string[] {
  const mistakes = [];
  if (settings.leaseSeconds < 2 * settings.heartbeatSeconds) {
    mistakes.push(
      "--lease-seconds: must be at least twice --heartbeat-seconds, or one lost beat cuts a host off",
    );
  }
  if (settings.publicUrl === undefined && isWildcard(settings.listen.host)) {
    mistakes.push(
      "--public-url: is needed when --listen takes every address; VMs and agents must be told one",
    );
  }
  return mistakes;
}

/**
 * Completes the settings when the address is known.
 *
 * @param port the port that is really listened on
 */
export function completeConfig(settings: Settings, port: number): Config {
  return { ...settings, publicUrl: settings.publicUrl ?? urlOf({ host: settings.listen.host, port }) };
}

/** `http://host:port` of a listening address. */
export function urlOf({ host, port }: ListenAddress): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

interface CommandLine {
  flags: Record<string, string | true | undefined>;
  surplus: readonly string[];
  text?: string;
}

function readCommandLine(argv: readonly string[], version: string): CommandLine {
  const written: string[] = [];
  const program = new Command("tartfleet-control-plane")
    .description("The control plane of a tartfleet. Every option is also a variable: TARTFLEET_LISTEN, …")
    .version(version)
    .allowUnknownOption()
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeOut: (text) => written.push(text), writeErr: (text) => written.push(text) });
  for (const [key, schema] of Object.entries(SETTINGS.shape)) {
    // The value is optional to commander, so that a missing one is listed with the other mistakes.
    program.option(`${flagOf(key)} [value]`, schema.description);
  }
  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return { flags: {}, surplus: [], text: written.join("") };
    throw error;
  }
  return { flags: program.opts(), surplus: program.args };
}
