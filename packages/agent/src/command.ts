import type { ReadSettings } from "@tartfleet/settings";

/** What a command is called with. */
export interface Call {
  /** The arguments after the command's word. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** Of this program. */
  version: string;
  /** Prints a line at once, for what takes its time. */
  say(line: string): void;
}

/** What a command came to. */
export type CommandEnd =
  | { kind: "done"; text: string; exitCode: number }
  | Exclude<ReadSettings<unknown>, { kind: "settings" }>;

/** A word that `tartfleet-agent` takes, and what it is for. */
export interface Command {
  word: string;
  /** A sentence for `--help`. */
  about: string;
  /** @throws AgentStop for what is expected to go wrong */
  run(call: Call): Promise<CommandEnd>;
}
