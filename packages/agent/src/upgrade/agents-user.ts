import { access, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { agentJobIn, type Installed } from "../installed.ts";
import { AgentStop } from "../process/exit.ts";

/** The user whose session the agent runs in. */
export interface AgentsUser {
  uid: number;
  gid: number;
  home: string;
}

/**
 * The one user who has the agent's launchd job.
 *
 * @throws AgentStop when nobody has, or several have
 */
export async function findAgentsUser({ homes }: Installed): Promise<AgentsUser> {
  const names = await readdir(homes).catch(() => []);
  const found: string[] = [];
  for (const name of names) {
    const hasJob = await access(agentJobIn(join(homes, name))).then(
      () => true,
      () => false,
    );
    if (hasJob) found.push(join(homes, name));
  }
  const [home] = found;
  if (home === undefined) {
    throw new AgentStop(
      "settings",
      `nobody in ${homes} has the agent's job; install it first: tartfleet-agent install`,
    );
  }
  if (found.length > 1) {
    const message = `several have the agent's job, and a host has one agent: ${found.join(", ")}; take out all but one`;
    throw new AgentStop("settings", message);
  }
  const { uid, gid } = await stat(home);
  return { uid, gid, home };
}
