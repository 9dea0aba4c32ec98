import type { Command } from "./command.ts";
import { runDoctor } from "./doctor/command.ts";
import { runInstall, runUninstall } from "./install/command.ts";
import { runUpgrade } from "./upgrade/command.ts";

/** What `tartfleet-agent` does beside running the agent. */
export const COMMANDS: readonly Command[] = [
  { word: "doctor", about: "looks at what this host needs for its VMs", run: runDoctor },
  { word: "install", about: "makes this Mac a host of the fleet", run: runInstall },
  { word: "upgrade", about: "replaces this host's agent by another version, VMs go on", run: runUpgrade },
  { word: "uninstall", about: "puts this Mac back as it was before the first install", run: runUninstall },
];

/** @returns undefined when the words are the agent's own settings */
export function commandOf([first]: readonly string[]): Command | undefined {
  return COMMANDS.find(({ word }) => word === first);
}
