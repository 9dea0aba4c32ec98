import type { ArgumentSpec, CommandSpec, OptionSpec } from "./spec.ts";

/** With more visible options than this the usage line only names the required ones. */
const MOST_IN_USAGE = 12;

export const dashed = (option: OptionSpec): string => `--${option.long}`;

function optionSynopsis(option: OptionSpec): string {
  const name = option.invertible ? `${dashed(option)}|--no-${option.long}` : dashed(option);
  const shown = `${name}${option.value === undefined ? "" : ` <${option.value}>`}${option.repeat ? " ..." : ""}`;
  return option.required ? shown : `[${shown}]`;
}

function argumentSynopsis(argument: ArgumentSpec): string {
  const shown = `<${argument.name}>${argument.repeat === undefined ? "" : " ..."}`;
  return argument.optional ? `[${shown}]` : shown;
}

/** `tart list [--source <source>] …`, without the word "Usage". */
function synopsis(spec: CommandSpec): string {
  const options = spec.options.filter((option) => !option.hidden);
  const all = [...spec.args.map(argumentSynopsis), ...options.map(optionSynopsis)];
  if (options.length + spec.args.length > MOST_IN_USAGE) {
    const required = [
      ...spec.args.map(argumentSynopsis),
      ...options.filter((o) => o.required).map(optionSynopsis),
    ];
    return ["tart", spec.name, "[<options>]", ...required].join(" ");
  }
  return ["tart", spec.name, ...all].join(" ");
}

/** The two lines under a usage error. */
export const usageLines = (spec: CommandSpec | undefined): string =>
  spec === undefined
    ? "Usage: tart <subcommand>\n  See 'tart --help' for more information."
    : `Usage: ${synopsis(spec)}\n  See 'tart ${spec.name} --help' for more information.`;

const row = (left: string, right: string): string =>
  left.length > 22 ? `  ${left}\n${" ".repeat(26)}${right}` : `  ${left.padEnd(24)}${right}`;

/** `tart <command> --help`. */
export function commandHelp(spec: CommandSpec): string {
  const lines = [`OVERVIEW: ${spec.abstract}`, "", `USAGE: ${synopsis(spec)}`, ""];
  if (spec.args.length > 0) lines.push("ARGUMENTS:", ...spec.args.map((a) => row(`<${a.name}>`, a.help)), "");
  lines.push("OPTIONS:");
  for (const option of spec.options.filter((o) => !o.hidden)) {
    const names = option.short === undefined ? dashed(option) : `-${option.short}, ${dashed(option)}`;
    lines.push(row(option.value === undefined ? names : `${names} <${option.value}>`, option.help));
  }
  lines.push(row("--version", "Show the version."), row("-h, --help", "Show help information."), "");
  return lines.join("\n");
}

/** `tart --help`. */
export function rootHelp(specs: readonly CommandSpec[]): string {
  return [
    "USAGE: tart <subcommand>",
    "",
    "OPTIONS:",
    row("--version", "Show the version."),
    row("-h, --help", "Show help information."),
    "",
    "SUBCOMMANDS:",
    ...specs.filter((spec) => !spec.hidden).map((spec) => row(spec.name, spec.abstract)),
    "",
    "  See 'tart help <subcommand>' for detailed help.",
  ].join("\n");
}
