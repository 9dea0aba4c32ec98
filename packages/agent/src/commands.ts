import type { Command } from "./command.ts";

/** What `tartfleet-agent` does beside running the agent, which is spared what only they need. */
export const COMMANDS: readonly Command[] = [
  {
    word: "doctor",
    about: "looks at what this host needs for its VMs",
    run: async (given) => (await import("./doctor/command.ts")).runDoctor(given),
  },
  {
    word: "install",
    about: "makes this Mac a host of the fleet",
    run: async (given) => (await import("./install/command.ts")).runInstall(given),
  },
  {
    word: "upgrade",
    about: "replaces this host's agent by another version, VMs go on",
    run: async (given) => (await import("./upgrade/command.ts")).runUpgrade(given),
  },
  {
    word: "uninstall",
    about: "puts this Mac back as it was before the first install",
    run: async (given) => (await import("./install/command.ts")).runUninstall(given),
  },
];

/** @returns undefined when the words are the agent's own settings */
export function commandOf([first]: readonly string[]): Command | undefined {
  return COMMANDS.find(({ word }) => word === first);
}
