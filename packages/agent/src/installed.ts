import { join } from "node:path";

/** Label of the agent's launchd job, in the domain of its user's session. */
export const AGENT_LABEL = "dev.tartfleet.agent";

/** What the labels of VMs' launchd jobs begin with; the instance's name follows. */
export const VM_LABEL = "dev.tartfleet.vm.";

/** Where the things of an installed host are (docs/agent-bundle.md). */
export interface Installed {
  /** A bundle for each version, by its name. */
  versions: string;
  /** Symlink to the version that runs at the next start. */
  current: string;
  /** Symlink to the version that ran before. */
  previous: string;
  /** Whose signatures an upgrade takes, as ssh-keygen(1) has it. */
  allowedSigners: string;
  /** The homes of people. */
  homes: string;
}

/** @param root `/`, or a folder that stands for it */
export function installedIn(root: string): Installed {
  const lib = join(root, "usr/local/lib/tartfleet");
  return {
    versions: join(lib, "versions"),
    current: join(lib, "current"),
    previous: join(lib, "previous"),
    allowedSigners: join(root, "usr/local/etc/tartfleet/allowed_signers"),
    homes: join(root, "Users"),
  };
}

/** The job's file in a user's home. */
export function agentJobIn(home: string): string {
  return join(home, "Library/LaunchAgents", `${AGENT_LABEL}.plist`);
}
