import { userInfo } from "node:os";
import { join } from "node:path";
import type { Log } from "../log.ts";
import { childEnv } from "../tart/config.ts";
import { childRuns, type RunLauncher } from "../tart/launcher.ts";
import { makeLaunchctl } from "./launchctl.ts";
import { launchdRuns } from "./vm-jobs.ts";

interface Choice {
  given: "launchd" | "child" | undefined;
  env: Readonly<Record<string, string | undefined>>;
  tartHome: string;
  /** The agent's data folder. */
  dir: string;
  log: Log;
}

/** Who starts VMs' processes: launchd on a Mac whose user is at the screen, else the agent itself. */
export async function chooseLauncher(
  { given, env, tartHome, dir, log }: Choice,
  platform: NodeJS.Platform = process.platform,
): Promise<RunLauncher> {
  if (given === "child" || (given === undefined && platform !== "darwin")) return childRuns;
  const { uid } = userInfo();
  const launchctl = makeLaunchctl(uid, childEnv({ env, tartHome }, { registry: false }));
  if (await launchctl.hasSession()) return launchdRuns({ launchctl, dir: join(dir, "launchd"), log });
  const why = `The agent's user (uid ${uid}) has no session at the screen, where VMs' launchd jobs live.`;
  const cure = "Log that user in there, by auto-login, and start the agent again.";
  if (given === "launchd") {
    log.error({}, `${why} VMs fail until there is one. ${cure}`);
    return launchdRuns({ launchctl, dir: join(dir, "launchd"), log });
  }
  log.warn(
    {},
    `${why} VMs are the agent's own children: how one ended while the agent was away is not known. ${cure}`,
  );
  return childRuns;
}
