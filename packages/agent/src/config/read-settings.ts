import { readSettings as read, type ReadSettings } from "@tartfleet/settings";
import { COMMANDS } from "../commands.ts";
import { contradictions } from "./contradictions.ts";
import { SECRETS, SETTINGS, type Settings } from "./settings.ts";

/** The agent's settings, from its command line and environment. */
export function readSettings(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  version: string,
): ReadSettings<Settings> {
  return read(
    {
      name: "tartfleet-agent",
      description: `The agent of a tartfleet: runs VMs on this host as its control plane wants. With one of these words first it does that instead:

${commandLines()}

Each has a --help of its own.`,
      version,
      table: SETTINGS,
      secrets: SECRETS,
      lists: ["label"],
      switches: ["insecure"],
      contradictions,
    },
    argv,
    env,
  );
}

function commandLines(): string {
  return COMMANDS.map(({ word, about }) => `  ${word.padEnd(10)}${about}`).join("\n");
}
