import { readFileSync } from "node:fs";
import { Argument, type Command } from "commander";
import { makeClient } from "../api/client.ts";
import { COMPLETION_FOLDER } from "../completion-folder.ts";
import { complete, type Completion } from "../completion/complete.ts";
import { askForNames } from "../completion/names.ts";
import { resolveConnection } from "../connection.ts";
import type { Context } from "../context.ts";
import { oneLine } from "../output/text.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

export function addCompletionCommands(program: Command, context: Context): void {
  program
    .command("completion")
    .summary("commands, flags and names at the press of Tab")
    .description(
      "Prints what a shell is to read so that Tab completes commands, flags and their values, and the names of VMs, hosts and others, which the control plane is asked for.",
    )
    .addArgument(new Argument("<shell>", "which").choices(SHELLS))
    .addHelpText(
      "after",
      `
In ~/.bashrc or ~/.zshrc (there after compinit), or in ~/.config/fish/config.fish:
  source <(tartfleet completion bash)
  source <(tartfleet completion zsh)
  tartfleet completion fish | source`,
    )
    .action((shell: (typeof SHELLS)[number]) =>
      context.out.write(readFileSync(new URL(`tartfleet.${shell}`, COMPLETION_FOLDER), "utf8")),
    );
  program
    .command("__complete", { hidden: true })
    .argument("[words...]")
    .action(async (words: string[]) => {
      const completion = complete(program, words);
      const { candidates, names, files, typed } = completion;
      const asked = names === undefined ? [] : await askForNames(() => connectAs(typed, context), names);
      const lines = [...candidates, ...asked].map(({ value, description }) =>
        `${oneLine(value)}\t${oneLine(description)}`.trimEnd(),
      );
      context.out.write([...lines, ...(files ? [":files"] : [])].map((line) => `${line}\n`).join(""));
      // An answer that came too late is not waited for.
      if (names !== undefined) process.exit(0);
    });
}

/** Asks as the command would that is being typed. */
function connectAs(typed: Completion["typed"], { env }: Context) {
  const text = (name: string) => {
    const value = typed[name];
    return typeof value === "string" ? { [name]: value } : {};
  };
  return makeClient(
    resolveConnection(
      {
        ...text("url"),
        ...text("token"),
        ...text("tokenFile"),
        ...text("caFile"),
        ...(typed["insecure"] === true ? { insecure: true } : {}),
      },
      env,
    ),
  );
}
