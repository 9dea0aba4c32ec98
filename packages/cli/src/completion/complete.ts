import type { Argument, Command, Option } from "commander";

/** Names that the control plane knows. */
export type Names =
  | "vms"
  | "hosts"
  | "images"
  /** What a VM can be asked for with. */
  | "imagesAndChannels"
  | "channels"
  | "pools"
  | "teams"
  | "webhooks"
  | "tokens"
  | "plans";

export interface Candidate {
  value: string;
  description: string;
}

/** What may stand where the cursor is. */
export interface Completion {
  candidates: Candidate[];
  /** These as well, which must be asked for. */
  names?: Names | undefined;
  /** A file of this machine. */
  files?: true | undefined;
  /** What was typed of where to ask and as whom, by the names of the program's own options. */
  typed: Record<string, string | true>;
}

/** Whose names the first argument of a group's commands is. */
const OF_GROUPS: Readonly<Record<string, Names>> = {
  vm: "vms",
  host: "hosts",
  image: "images",
  channel: "channels",
  pool: "pools",
  team: "teams",
  webhook: "webhooks",
  token: "tokens",
};
const OF_COMMANDS: Readonly<Record<string, Names | undefined>> = {
  "image plans": "plans",
  "image cancel": "plans",
  "webhook create": undefined,
};
const OF_OPTIONS: Readonly<Record<string, Names>> = {
  "--host": "hosts",
  "--team": "teams",
  "--image": "imagesAndChannels",
};

/**
 * What may come after the words, of which the last is being typed: commands, flags and their values, from the command
 * line as it is declared.
 */
export function complete(program: Command, words: readonly string[]): Completion {
  const typed: Completion["typed"] = {};
  const current = words.at(-1) ?? "";
  let command = program;
  let position = 0;
  let waiting: Option | undefined;
  for (const word of words.slice(0, -1)) {
    if (waiting) {
      if (isGlobal(program, waiting)) typed[waiting.attributeName()] = word;
      waiting = undefined;
      continue;
    }
    // What follows is somebody else's: a command in a guest, ssh's arguments.
    if (word === "--") return { candidates: [], typed };
    if (word.startsWith("-")) {
      const [flag, value] = word.split(/=(.*)/s);
      const option = optionOf(command, flag);
      if (option && takesValue(option) && value === undefined) waiting = option;
      else if (option && isGlobal(program, option)) typed[option.attributeName()] = value ?? true;
      continue;
    }
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next) command = next;
    else position += 1;
  }
  if (waiting) return { ...valuesOf(waiting), typed };
  const inline = /^(--[^=]+)=/.exec(current);
  const option = inline ? optionOf(command, inline[1]) : undefined;
  if (option) return { ...inlined(valuesOf(option), `${option.long}=`), typed };
  if (current.startsWith("-")) return { candidates: flagsOf(command), typed };
  return { ...argumentsOf(command, position), typed };
}

function optionsOf(command: Command): Option[] {
  const own = [...command.options];
  return command.parent ? [...own, ...optionsOf(command.parent)] : own;
}

function optionOf(command: Command, flag: string | undefined): Option | undefined {
  return optionsOf(command).find(
    ({ long, short }) => flag !== undefined && (long === flag || short === flag),
  );
}

function isGlobal(program: Command, option: Option): boolean {
  return program.options.includes(option);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function flagsOf(command: Command): Candidate[] {
  const flags = optionsOf(command).flatMap(({ long, hidden, description }) =>
    long && !hidden ? [{ value: long, description }] : [],
  );
  return [...flags, { value: "--help", description: "what this command does" }];
}

function valuesOf(option: Option): Omit<Completion, "typed"> {
  if (option.argChoices) return { candidates: plain(option.argChoices) };
  const names = OF_OPTIONS[option.long ?? ""];
  if (names) return { candidates: [], names };
  return /<(file|path|.*\.json)>/.test(option.flags) ? { candidates: [], files: true } : { candidates: [] };
}

/** After `--flag=` a candidate is the whole word. */
function inlined(values: Omit<Completion, "typed">, prefix: string): Omit<Completion, "typed"> {
  return { candidates: values.candidates.map(({ value, ...rest }) => ({ value: prefix + value, ...rest })) };
}

function argumentsOf(command: Command, position: number): Omit<Completion, "typed"> {
  const visible = command.createHelp().visibleCommands(command);
  if (visible.length > 0 && position === 0)
    return {
      candidates: visible.map((child) => ({
        value: child.name(),
        description: child.summary() || child.description(),
      })),
    };
  const argument = command.registeredArguments[position] ?? lastVariadic(command);
  if (argument === undefined) return { candidates: [] };
  if (argument.argChoices) return { candidates: plain(argument.argChoices) };
  if (argument.name() === "file") return { candidates: [], files: true };
  return { candidates: [], names: position === 0 ? namesOf(command) : undefined };
}

function lastVariadic({ registeredArguments }: Command): Argument | undefined {
  const last = registeredArguments.at(-1);
  return last?.variadic ? last : undefined;
}

function namesOf(command: Command): Names | undefined {
  const group = command.parent?.name() ?? "";
  const path = `${group} ${command.name()}`;
  return path in OF_COMMANDS ? OF_COMMANDS[path] : OF_GROUPS[group];
}

const plain = (values: readonly string[]): Candidate[] => values.map((value) => ({ value, description: "" }));
