/** A named option or flag of a command, as it is declared (tart-contract §2). */
export interface OptionSpec {
  /** Long name without dashes. */
  long: string;
  short?: string;
  /** Placeholder of its value; absent for a flag. */
  value?: string;
  type?: "string" | "int";
  repeat?: boolean;
  /** Values allowed, where the parser itself checks them. */
  choices?: readonly string[];
  /** Has a `--no-…` twin. */
  invertible?: boolean;
  hidden?: boolean;
  /** Must be given. */
  required?: boolean;
  help: string;
}

/** A positional argument. */
export interface ArgumentSpec {
  name: string;
  optional?: boolean;
  /** `all`: takes every value that is left; `passthrough`: everything from here on, dashes included. */
  repeat?: "all" | "passthrough";
  help: string;
}

/** One subcommand: what it takes, and where its body is. */
export interface CommandSpec {
  name: string;
  abstract: string;
  hidden?: boolean;
  options: readonly OptionSpec[];
  args: readonly ArgumentSpec[];
}

/** A command line that was understood. */
export interface ParsedCommand {
  spec: CommandSpec;
  /** True when the flag was given; for an invertible one, the last one wins. */
  flag(long: string): boolean;
  /** The option's last value. */
  value(long: string): string | undefined;
  values(long: string): readonly string[];
  /** The option's last value as a number; the parser has checked it. */
  int(long: string): number | undefined;
  /** A positional argument that must be there. */
  arg(name: string): string;
  optionalArg(name: string): string | undefined;
  args(name: string): readonly string[];
  /** Arguments nobody asked for; the parser reports them only after the command's own validation. */
  leftovers: { unknownOption?: string; unexpected: readonly string[] };
}
